"""Marks of other tools' faults: in a run that is under way, by command and by HTTP."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigError
from harness.run.directory import live_run
from harness.run.marks import mark_server, marking
from harness.run.marks.faults_in_progress import DeclaredFaults, FaultsInProgress
from harness.run.marks.mark_server import TOKEN_FILE, TOKEN_VARIABLE, serving
from harness.run.marks.marking import MarkConflict
from reports.records import FILES, FaultMark, LoadMark, RecordWriter, lines
from tests.harness import command
from tests.reports.a_run import Run


def asked(name: str, edge: Any = "begin", **values: Any) -> FaultMark:
    return FaultMark(0.0, name, edge, **values)


def marks(run_dir: Path) -> list[FaultMark]:
    return list(lines.read(run_dir / FILES[FaultMark], FaultMark, []))


def run_from(origin: float, folder: Path) -> Path:
    """A run directory whose load has begun and not ended."""
    run_dir = Run(marks=("start", "phase:warmup")).write(folder)
    values = json.loads((run_dir / "run.json").read_text())
    (run_dir / "run.json").write_text(json.dumps({**values, "origin": origin}))
    return run_dir


@pytest.fixture
def run_dir(tmp_path: Path) -> Iterator[Path]:
    """A run that is under way for 20 s."""
    found = run_from(time.time() - 20.0, tmp_path / "runs" / "a")
    with live_run.held(found):
        yield found


def test_a_mark_has_the_time_of_the_run(run_dir: Path) -> None:
    before = time.time()
    begun = marking.add(run_dir, asked("drain", target="node-1", lost_unsynced=True))
    origin = json.loads((run_dir / "run.json").read_text())["origin"]
    assert before - 0.01 <= origin + begun.t <= time.time() + 0.01
    ended = marking.add(run_dir, asked("drain", "end"))
    stored = marks(run_dir)
    assert [(each.name, each.edge) for each in stored] == [("drain", "begin"), ("drain", "end")]
    assert (stored[0].target, stored[0].lost_unsynced) == ("node-1", True)
    assert [each.t for each in stored] == pytest.approx([begun.t, ended.t], abs=1e-5)


def test_a_fault_that_has_begun_cannot_begin_again(run_dir: Path) -> None:
    marking.add(run_dir, asked("drain"))
    with pytest.raises(MarkConflict, match="must be ended before it begins again"):
        marking.add(run_dir, asked("drain"))
    marking.add(run_dir, asked("drain", "end"))
    marking.add(run_dir, asked("drain"))
    assert len(marks(run_dir)) == 3


@pytest.mark.parametrize(
    ("begun", "listed"), [((), "no fault is"), (("drain", "drill"), "drain, drill")]
)
def test_a_fault_that_has_not_begun_cannot_end(
    run_dir: Path, begun: tuple[str, ...], listed: str
) -> None:
    for name in begun:
        marking.add(run_dir, asked(name))
    with pytest.raises(MarkConflict, match=rf"begun and not ended \({listed}\)"):
        marking.add(run_dir, asked("failover", "end"))
    assert len(marks(run_dir)) == len(begun)


def test_no_fault_begins_after_the_load(run_dir: Path) -> None:
    marking.add(run_dir, asked("drain"))
    with RecordWriter(run_dir) as records:
        records.write(LoadMark(60.0, "end", {}))
    with pytest.raises(MarkConflict, match="the load of the run has ended"):
        marking.add(run_dir, asked("drill"))
    assert marking.add(run_dir, asked("drain", "end")).edge == "end"


def test_a_finished_run_takes_no_mark(tmp_path: Path) -> None:
    finished = run_from(time.time(), tmp_path / "run")
    with pytest.raises(MarkConflict, match="has ended and takes no more marks; `diya report"):
        marking.add(finished, asked("drain"))
    assert not (finished / "marks.jsonl").exists()


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        (asked("two words"), "must be a name of"),
        (asked("rollback-1"), "must be a name of"),
        (asked("drain", target="a\nb"), "printable"),
        (asked("drain", target="x" * 201), "at most 200"),
        (asked("drain", "end", target="x"), "must be given with begin"),
        (asked("drain", "end", lost_unsynced=True), "must be given with begin"),
    ],
)
def test_a_mark_that_cannot_be_reported_is_refused(
    run_dir: Path, mark: FaultMark, expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected):
        marking.add(run_dir, mark)
    assert marks(run_dir) == []


@pytest.mark.service
def test_a_run_whose_harness_was_killed_is_not_under_way(tmp_path: Path) -> None:
    found = run_from(time.time(), tmp_path / "run")
    code = (
        "import sys, time; from pathlib import Path; from harness.run.directory import live_run\n"
        "with live_run.held(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(found)], cwd=command.ROOT, stdout=subprocess.PIPE
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            assert live_run.is_under_way(found)
        finally:
            holder.send_signal(signal.SIGKILL)
            holder.wait()
        assert not live_run.is_under_way(found)


def test_the_newest_run_is_the_latest_of_those_under_way(tmp_path: Path) -> None:
    now = time.time()
    old, middle, ended = (
        run_from(now - age, tmp_path / name) for name, age in (("c", 90), ("b", 60), ("a", 0))
    )
    with pytest.raises(ConfigError, match=r"no run in .* is under way"):
        live_run.newest(tmp_path)
    with live_run.held(old), live_run.held(middle):
        assert live_run.newest(tmp_path) == middle
    assert not live_run.is_under_way(ended)


def _begin_many(run_dir: Path, number: int) -> None:
    for count in range(20):
        marking.add(run_dir, asked(f"fault-{number}-{count}"))


@pytest.mark.service
def test_marks_of_several_processes_are_all_kept(run_dir: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_begin_many, args=(run_dir, n)) for n in range(3)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
        assert each.exitcode == 0
    assert len({mark.name for mark in marks(run_dir)}) == len(marks(run_dir)) == 60


def test_faults_in_progress_are_those_that_were_marked(run_dir: Path) -> None:
    declared = DeclaredFaults(run_dir)
    faults = FaultsInProgress(None, declared)
    assert (declared.read(), faults.current, faults.last_end) == ([], None, None)
    marking.add(run_dir, asked("drain"))
    marking.add(run_dir, asked("drill"))
    assert [mark.name for mark in declared.read()] == ["drain", "drill"]
    assert (faults.current, faults.last_end) == ("drain + drill", None)
    ended = [marking.add(run_dir, asked(name, "end")) for name in ("drill", "drain")]
    declared.read()
    assert faults.current is None
    assert faults.last_end == pytest.approx(ended[-1].t, abs=1e-5)


class Endpoint:
    """The endpoint of a run: its address, its token, and its answers."""

    def __init__(self, run_dir: Path, said: list[str]) -> None:
        self.url = said[0].split()[2].rstrip(",")
        self.token = (run_dir / TOKEN_FILE).read_text().strip()

    def post(self, body: object, token: str | None = None, path: str = "") -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data)
        request.add_header("Authorization", f"Bearer {self.token if token is None else token}")
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@pytest.fixture
def endpoint(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    said: list[str] = []
    with serving(run_dir, 0, said.append):
        yield Endpoint(run_dir, said)


def test_a_tool_marks_by_http(run_dir: Path, endpoint: Endpoint) -> None:
    body = {"edge": "begin", "name": "drain", "target": "node-1", "lost_unsynced": True}
    status, answer = endpoint.post(body)
    assert (status, answer["name"], answer["edge"]) == (200, "drain", "begin")
    assert answer["t"] == pytest.approx(marks(run_dir)[0].t, abs=0.001)
    assert (marks(run_dir)[0].target, marks(run_dir)[0].lost_unsynced) == ("node-1", True)
    assert endpoint.post({"edge": "end", "name": "drain"})[0] == 200


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"edge": "end", "name": "drain"}, 409, "begun and not ended"),
        ({"edge": "middle", "name": "drain"}, 400, "edge"),
        ({"edge": "begin"}, 400, "name"),
        ({"edge": "begin", "name": "a b"}, 400, "must be a name of"),
        ({"edge": "begin", "name": "drain", "why": ""}, 400, "why"),
        (b"{", 400, "the body must be JSON with edge and name"),
        (b"x" * 5000, 413, "at most 4096 bytes"),
    ],
)
def test_a_mark_by_http_that_cannot_be_taken_is_answered_with_the_reason(
    run_dir: Path, endpoint: Endpoint, body: object, status: int, expected: str
) -> None:
    answered, answer = endpoint.post(body)
    assert answered == status
    assert expected in answer["error"]
    assert marks(run_dir) == []


@pytest.mark.parametrize("token", ["", "wrong", "ü"])
def test_a_mark_without_the_token_is_refused(run_dir: Path, endpoint: Endpoint, token: str) -> None:
    sent = token.encode().decode("latin-1")
    status, answer = endpoint.post({"edge": "begin", "name": "drain"}, token=sent)
    assert status == 401
    assert endpoint.token not in json.dumps(answer)
    assert marks(run_dir) == []


def test_another_path_takes_no_mark(run_dir: Path, endpoint: Endpoint) -> None:
    assert endpoint.post({"edge": "begin", "name": "drain"}, path="/x")[0] == 404


def test_only_its_user_reads_the_token_and_it_goes_with_the_run(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    said: list[str] = []
    file = run_dir / TOKEN_FILE
    with serving(run_dir, 0, said.append):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        token = file.read_text().strip()
        assert len(token) >= 24
        assert token not in said[0]
    assert not file.exists()
    assert not [path for path in run_dir.rglob("*") if path.is_file() and token in path.read_text()]


def test_a_token_of_the_environment_is_in_no_file(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "a-token-of-the-ci-system"
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    said: list[str] = []
    with serving(run_dir, 0, said.append):
        assert not (run_dir / TOKEN_FILE).exists()
        assert TOKEN_VARIABLE in said[0]
        assert token not in said[0]
        request = urllib.request.Request(
            said[0].split()[2].rstrip(","), b'{"edge":"begin","name":"a"}'
        )
        request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=20) as response:
            assert response.status == 200


def test_the_endpoint_listens_on_loopback_only(endpoint: Endpoint) -> None:
    assert endpoint.url.startswith("http://127.0.0.1:")


def test_a_port_that_is_taken_is_told(run_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(ConfigError, match=f"--marks {port}: .*must be a free port"),
            serving(run_dir, port, print),
        ):
            pass
    assert not (run_dir / TOKEN_FILE).exists()


@pytest.mark.parametrize("given", [-1, 80, 65536])
def test_a_port_that_cannot_be_used_is_refused(given: int) -> None:
    with pytest.raises(ConfigError, match="must be a port from 1024 to 65535"):
        mark_server.port(given, {})


@pytest.mark.parametrize("token", ["short", "with a space in its middle", "no-ascii-here-üüüüü"])
def test_a_token_that_cannot_be_used_is_refused_and_not_told(token: str) -> None:
    with pytest.raises(ConfigError, match="at least 16 printable") as refused:
        mark_server.port(0, {TOKEN_VARIABLE: token})
    assert token not in str(refused.value)


def test_the_command_marks_the_newest_run(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run_dir.parents[1])
    begun = command.run_here("mark", "begin", "drain", "--target", "node-1", "--lost-unsynced")
    assert begun.returncode == 0, begun.stderr
    assert begun.stdout.startswith("drain  begun at 2")
    assert "runs/a" in begun.stdout
    ended = command.run_here("mark", "end", "drain", "--run", str(run_dir))
    assert ended.returncode == 0, ended.stderr
    assert [(each.edge, each.target) for each in marks(run_dir)] == [
        ("begin", "node-1"),
        ("end", ""),
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("begin", "a b"), "must be a name of"),
        (("end", "drain"), "begun and not ended"),
        (("end", "drain", "--lost-unsynced"), "must be given with begin"),
        (("begin", "drain", "--run", "nowhere"), "nowhere: not a run directory"),
        (("middle", "drain"), "invalid choice"),
    ],
)
def test_a_mark_that_the_run_cannot_take_is_one_sentence(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], expected: str
) -> None:
    monkeypatch.chdir(run_dir.parents[1])
    finished = command.run_here("mark", *options)
    assert (finished.returncode, finished.stdout) == (104, "")
    assert expected in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


def test_a_run_that_cannot_be_written_is_told(run_dir: Path) -> None:
    (run_dir / FILES[FaultMark]).mkdir()
    finished = command.run_here("mark", "begin", "drain", "--run", str(run_dir))
    assert finished.returncode == 104
    assert finished.stderr == (
        f"diya: --run {run_dir}: must be a directory that can be written, got Is a directory\n"
    )


def test_without_a_run_the_command_says_how_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    finished = command.run_here("mark", "begin", "drain")
    assert finished.returncode == 104
    assert "no run in runs/ is under way" in finished.stderr
    assert os.listdir(tmp_path) == []
