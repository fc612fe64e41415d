"""Whole runs in which diya plays the model of an unmodified agent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chaos.fleet.guardian import carriers
from tests.harness import command
from tests.harness.run import agents_under_test as agents

pytestmark = pytest.mark.run

KEY = "AIzaSyD-a-key-of-the-user-0123456789"
WORDS = (
    *("readiness", "--profile", str(command.HERE / "tiny.toml"), "--seed", "3"),
    *("--replicas", "2", "--redis", "bundled", "--latency", "none"),
)
ONE_KILL = ("--experiment", str(command.HERE / "one_kill.yaml"))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def check_sound(finished: subprocess.CompletedProcess[str], out: Path) -> None:
    """The run had a verdict, which is no NO-GO: so small a load may be too little evidence."""
    assert finished.returncode in (0, 75), finished.stdout + finished.stderr
    result = json.loads((command.only_run(out) / "result.json").read_text())
    failed = [gate["name"] for gate in result["gates"] if gate["status"] == "fail"]
    assert failed == [], finished.stdout


def holds(folder: Path, text: str) -> list[str]:
    """The files below the folder that hold the text."""
    found = [each for each in folder.rglob("*") if each.is_file() and not each.is_symlink()]
    return [str(each) for each in found if text.encode() in each.read_bytes()]


def test_an_unmodified_agent_is_driven_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", KEY)
    agent, out = agents.write(tmp_path, agents.GEMINI), tmp_path / "runs"
    finished = command.run(*WORDS, *ONE_KILL, "--agent", str(agent), "--out", str(out))
    check_sound(finished, out)
    run_dir = command.only_run(out)
    calls = lines(run_dir / "model-calls.jsonl")
    assert {call["caller"] for call in calls} == {"r01", "r02"}
    assert {call["model"] for call in calls} == {"gemini-2.5-flash"}
    load = lines(run_dir / "load.jsonl")[0]["t"]
    calm = lines(run_dir / "rehearsal-turns.jsonl")
    assert calm
    assert max(turn["turn"] for turn in calm) >= 1, "no conversation had a second turn"
    shown = {tuple(call["messages"])[-1:] for call in calls if call["t"] < load}
    assert {(turn["message"],) for turn in calm} <= shown
    run = json.loads((run_dir / "run.json").read_text())
    assert run["model"] == {"kind": "stand-in", "url": None, "settings": {"latency": "none"}}
    assert (run_dir / "logs" / "model.log").is_file()
    assert holds(run_dir, KEY) == []
    assert KEY not in finished.stdout + finished.stderr
    assert command.nothing_left(run["run_id"])


def test_a_key_that_an_agent_logs_is_in_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    agent, out = agents.write(tmp_path, agents.TALKATIVE), tmp_path / "runs"
    words = ("--experiment", "none", "--agent", str(agent), "--model", "real", "--out", str(out))
    without_latency = WORDS[: WORDS.index("--latency")]
    finished = command.run(*without_latency, *words)
    check_sound(finished, out)
    run_dir = command.only_run(out)
    logs = [each.read_text() for each in (run_dir / "logs").glob("r0?.log")]
    assert any(f"my key is {'*' * len(KEY)}" in text for text in logs)
    assert holds(run_dir, KEY) == []
    assert "real model: " in finished.stderr
    monkeypatch.setenv("SHOP_FAILS", "yes")
    refused = command.run(*without_latency, *words)
    assert refused.returncode == 104
    assert "the model refused …" in refused.stderr
    assert KEY not in finished.stdout + finished.stderr + refused.stdout + refused.stderr


def test_shopmax_is_driven_over_the_same_wire(tmp_path: Path) -> None:
    out = tmp_path / "runs"
    finished = command.run(*WORDS, "--experiment", "none", "--model", "stand-in", "--out", str(out))
    check_sound(finished, out)
    run_dir = command.only_run(out)
    assert {call["agent"] for call in lines(run_dir / "model-calls.jsonl")} == {"shopmax"}
    again = command.run("readiness", "--replay", str(run_dir), "--out", str(tmp_path / "again"))
    check_sound(again, tmp_path / "again")
    replayed = json.loads((command.only_run(tmp_path / "again") / "run.json").read_text())
    assert replayed["model"] == json.loads((run_dir / "run.json").read_text())["model"]
    assert replayed["model"]["kind"] == "stand-in"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_stand_in_ends_with_the_run_however_that_ends(tmp_path: Path, number: int) -> None:
    agent, out = agents.write(tmp_path, agents.GEMINI), tmp_path / "runs"
    run = command.start(*WORDS, "--experiment", "none", "--agent", str(agent), "--out", str(out))
    try:
        command.wait_until(lambda: command.turns_recorded(out) > 0, 60, "turns are recorded")
        run_id = json.loads((command.only_run(out) / "run.json").read_text())["run_id"]
        assert carriers(run_id)
        run.send_signal(number)
        run.communicate(timeout=60)
        command.wait_until(lambda: command.nothing_left(run_id), 60, "every process is gone")
    finally:
        run.kill()
        run.communicate()


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="a network namespace needs root"
)
def test_a_run_works_on_a_machine_without_a_network(tmp_path: Path) -> None:
    made = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"no network namespace can be made here: {made.stderr.decode().strip()}")
    agent, out = agents.write(tmp_path, agents.GEMINI), tmp_path / "runs"
    # Only the loopback interface of the namespace is up, and no packet can leave it.
    script = 'ip link set lo up && test -z "$(ip route)" && exec "$@"'
    options = ("--agent", str(agent), "--experiment", "none", "--out", str(out))
    finished = subprocess.run(
        ["unshare", "--net", "sh", "-c", script, "sh", *command.DIYA, *WORDS, *options],
        cwd=command.ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    check_sound(finished, out)
    assert lines(command.only_run(out) / "model-calls.jsonl")


def test_a_target_is_joined_with_the_stand_in_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, out = agents.write(tmp_path, agents.GEMINI), tmp_path / "runs"
    with agents.target_beside_its_model(agent, monkeypatch, "--latency", "none") as words:
        finished = command.run(*words, "--out", str(out))
        check_sound(finished, out)
        run_dir = command.only_run(out)
        turns, calls = lines(run_dir / "turns.jsonl"), lines(run_dir / "model-calls.jsonl")
        shown = {message for call in calls for message in call["messages"]}
        assert {turn["message"] for turn in turns if turn["outcome"] == "ok"} <= shown
        first, last = min(turn["sent"] for turn in turns), max(turn["done"] for turn in turns)
        inside = [call for call in calls if first - 1 <= call["t"] <= last + 1]
        assert len(inside) >= len(turns), "the calls are not in run time"
        assert lines(run_dir / "rehearsal-turns.jsonl")
        assert holds(run_dir, os.environ["DIYA_MODEL_TOKEN"]) == []
