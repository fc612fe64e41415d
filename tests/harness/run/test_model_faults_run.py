"""Whole runs in which the model of an unmodified agent has faults, or a quota."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.harness import command
from tests.harness.run import agents_under_test as agents

pytestmark = pytest.mark.run

WORDS = (
    *("readiness", "--profile", str(command.HERE / "tiny.toml"), "--seed", "3"),
    *("--replicas", "2", "--redis", "bundled"),
)
FAULTS = str(command.HERE / "model_faults.yaml")
KINDS = [
    "model-garbage",
    "model-unfinished-streams",
    "model-rate-limit",
    "model-cut-streams",
    "model-errors",
    "slow-model",
]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def quota_of(out: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The result of the only run, and its gate of the quota."""
    result = json.loads((command.only_run(out) / "result.json").read_text())
    (gate,) = [each for each in result["gates"] if each["name"] == "model.quota"]
    return result, gate


def check_faults(run_dir: Path) -> None:
    """Every fault of the model took hold of the agent's calls."""
    windows = lines(run_dir / "faults.jsonl")
    assert [(each["fault"], each["took_hold"], each.get("error")) for each in windows] == [
        (kind, True, None) for kind in KINDS
    ]
    calls = lines(run_dir / "model-calls.jsonl")
    assert {call["fault"] for call in calls} == {None, *KINDS}
    for window in windows:
        hit = [call["t"] for call in calls if call["fault"] == window["fault"]]
        assert window["start"] - 0.5 < min(hit) <= max(hit) < window["end"] + 0.5, window


def test_the_model_of_an_unmodified_agent_has_every_fault(tmp_path: Path) -> None:
    agent, out = agents.write(tmp_path, agents.GEMINI), tmp_path / "runs"
    options = ("--agent", str(agent), "--experiment", FAULTS, "--out", str(out))
    finished = command.run(*WORDS, *options)
    assert finished.returncode in (0, 75, 99), finished.stdout + finished.stderr
    check_faults(command.only_run(out))
    _, gate = quota_of(out)
    assert gate["status"] == "pass"
    assert re.search(r"The peak needs [\d,]+ requests and [\d,]+ tokens a minute", gate["summary"])
    assert "gemini-2.5-flash-tier" in gate["summary"]


def test_a_quota_that_is_too_small_is_named_with_the_moment_at_which_it_fails(
    tmp_path: Path,
) -> None:
    agent, out = agents.write(tmp_path, agents.GEMINI), tmp_path / "runs"
    options = ("--agent", str(agent), "--experiment", "none", "--out", str(out))
    finished = command.run(*WORDS, *options, "--quota", "300", "--latency", "none")
    assert finished.returncode == 99, finished.stdout + finished.stderr
    result, gate = quota_of(out)
    assert gate["status"] == "fail"
    assert re.match(
        r"The quota of 300 requests a minute does not carry the sale: \d+ of [\d,]+ calls were "
        r"refused, the first at [\d.]+ s, in (warmup|steady) \(\d+ for requests\)\. The peak ",
        gate["summary"],
    )
    assert result["headline"].startswith("The quota of 300 requests a minute does not carry")
    run_dir = command.only_run(out)
    calls, load = lines(run_dir / "model-calls.jsonl"), lines(run_dir / "load.jsonl")[0]["t"]
    refused = [call for call in calls if call["refused"]]
    assert {call["status"] for call in refused} == {429}
    assert min(call["t"] for call in refused) > load, "the rehearsal has no quota"
    # Never more than the quota's share of any window, at the size of this run.
    size = json.loads((run_dir / "run.json").read_text())["sizing"]["factor"]
    answered = sorted(call["t"] for call in calls if not call["refused"] and call["t"] > load)
    most = max(sum(t - 5.0 < each <= t for each in answered) for t in answered)
    assert most <= max(1, round(300 * size * 5 / 60)) + 1


def test_a_quota_that_is_large_enough_carries_the_sale(tmp_path: Path) -> None:
    agent, out = agents.write(tmp_path, agents.GEMINI), tmp_path / "runs"
    options = ("--agent", str(agent), "--experiment", "none", "--out", str(out))
    quota = ("--quota", "gemini-2.5-flash-tier-3", "--latency", "none")
    finished = command.run(*WORDS, *options, *quota)
    _, gate = quota_of(out)
    assert gate["status"] == "pass", finished.stdout + finished.stderr
    assert gate["summary"].startswith("The quota gemini-2.5-flash-tier-3 (10,000 requests and ")


def test_the_model_beside_a_target_has_faults_and_the_target_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, out = agents.write(tmp_path, agents.GEMINI), tmp_path / "runs"
    with agents.target_beside_its_model(agent, monkeypatch) as words:
        target = (*words, "--out", str(out))
        refused = command.run(*target, "--experiment", str(command.HERE / "one_kill.yaml"))
        assert refused.returncode == 104
        assert "kill-replica needs capabilities that this environment lacks: " in refused.stderr
        finished = command.run(*target, "--experiment", FAULTS)
        assert finished.returncode in (0, 75, 99), finished.stdout + finished.stderr
        check_faults(command.only_run(out))
