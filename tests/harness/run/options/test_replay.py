"""`--replay`: the plan of a run that is over, made again from its directory."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins

from harness import parser
from harness.errors import ConfigError
from harness.run import read_plan
from harness.run.directory import rundir
from harness.run.plan import Plan
from reports.records import run_file
from tests.harness import command

PROFILE = str(command.HERE / "tiny.toml")


def plan(*words: str) -> Plan:
    return read_plan.from_args(parser.build().parse_args(["readiness", *words]))


def kept(tmp_path: Path, made: Plan) -> Path:
    """The directory of a run with this plan."""
    run_dir = rundir.create(tmp_path, made.name, made.seed, made.origin)
    run_file.write(run_dir, made.description())
    if made.experiment is not None:
        rundir.write_experiment(run_dir, made.experiment.source)
    return run_dir


def told(made: Plan) -> dict[str, Any]:
    """The contents of `run.json` without the fields that differ in every run."""
    values: dict[str, Any] = to_builtins(made.description())
    for name in ("run_id", "origin", "command"):
        del values[name]
    if values["experiment"] is not None:
        del values["experiment"]["path"]
    return values


@pytest.mark.parametrize(
    "options",
    [
        ("--seed", "5", "--replicas", "2", "--aof", "always", "--experiment", "random:3"),
        ("--topology", "sentinel", "--min-replicas", "0", "--experiment", "none"),
        ("--topology", "cluster", "--rdb", "--proxy", "--sessions", "memory"),
    ],
)
def test_a_replay_plans_the_same_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DIYA_MODEL_TTFT_MS", "350")
    first = plan("--profile", PROFILE, *options)
    run_dir = kept(tmp_path, first)
    monkeypatch.delenv("DIYA_MODEL_TTFT_MS")
    again = plan("--replay", str(run_dir))
    assert told(again) == told(first)
    assert again.topology == first.topology
    assert os.environ["DIYA_MODEL_TTFT_MS"] == "350"
    if first.experiment is not None and again.experiment is not None:
        assert again.experiment.source == first.experiment.source


def test_a_replay_has_its_own_journeys_and_may_have_other_faults(tmp_path: Path) -> None:
    journeys = tmp_path / "mine.toml"
    lines = ("[journey.ask.en]", 'openings = ["Hello."]', 'follow_ups = ["So?"]')
    journeys.write_text("\n".join(lines))
    first = plan("--profile", "smoke", "--journeys", str(journeys))
    journeys.unlink()
    again = plan("--replay", str(kept(tmp_path, first)), "--experiment", "smoke")
    assert again.profile == first.profile
    assert again.book == first.book
    assert again.experiment is not None
    assert again.experiment.planned == ["kill-replica-1", "kill-redis-1"]


def test_the_command_of_a_replay_is_a_replay(tmp_path: Path) -> None:
    run_dir = kept(tmp_path, plan("--profile", PROFILE, "--replicas", "2"))
    again = plan("--replay", str(run_dir), "--redis", "bundled")
    words = list(again.command)[list(again.command).index("diya") :]
    assert plan(*words[2:]).profile == again.profile
    assert "--replicas" not in words


@pytest.mark.parametrize(
    ("change", "words", "said"),
    [
        ({}, ("--replicas", "5"), "--replicas: must not be given with --replay"),
        ({}, ("--profile", "smoke"), "--profile: must not be given with --replay"),
        ({"seed": "five"}, (), "seed must be a whole number, got 'five'"),
        (
            {"topology": {"redis": "external", "replicas": 3}},
            (),
            "topology.redis must be that of a fleet of its own",
        ),
        ({"topology": []}, (), r"topology must be an object, got \[\]"),
        ({"topology": "x"}, (), "topology must be an object, got 'x'"),
    ],
)
def test_a_run_or_option_that_cannot_be_replayed_is_refused(
    tmp_path: Path, change: dict[str, Any], words: tuple[str, ...], said: str
) -> None:
    run_dir = kept(tmp_path, plan("--profile", PROFILE))
    values = json.loads((run_dir / "run.json").read_text())
    (run_dir / "run.json").write_text(json.dumps({**values, **change}))
    with pytest.raises(ConfigError, match=said):
        plan("--replay", str(run_dir), *words)


@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_a_folder_that_is_no_run_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(ConfigError, match=f"--replay {tmp_path}"):
        plan("--replay", str(tmp_path))
