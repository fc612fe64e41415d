"""`run.json` of a readiness run: every key and value as versions before the types wrote them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import structs, to_builtins

from chaos.containers.compose_fleet import ComposeFleet
from harness import parser
from harness.run import read_plan
from harness.run.fleets import described
from harness.run.plan import Plan
from loadtests.generator import settings
from reports.records import run_file
from reports.records.run_description import RunDescription
from reports.records.sizing import Sizing
from tests.harness import command

GOLDEN = json.loads((command.HERE / "golden" / "run_json.json").read_text())
"""Written by the dictionaries that this type has replaced."""
TINY = ("--profile", str(command.HERE / "tiny.toml"))
PLANS = {
    "process": (*TINY, "--replicas", "3", "--experiment", "smoke"),
    "sentinel": (
        *(*TINY, "--topology", "sentinel", "--min-replicas", "0"),
        *("--experiment", "none", "--proxy"),
    ),
    "cluster": (*TINY, "--topology", "cluster", "--rdb", "--aof", "off", "--experiment", "none"),
    "external": (*TINY, "--redis", "redis://127.0.0.1:6399/0", "--experiment", "none"),
    "target": (
        *(*TINY, "--target", "http://127.0.0.1:8000"),
        *("--ttl", "5", "--token-env", "THE_TOKEN"),
    ),
    "journeys": (
        *("--profile", "smoke", "--experiment", "none"),
        *("--journeys", str(command.HERE / "mine.toml")),
    ),
}
MACHINE = ("diya", "python", "platform", "cores", "memory_bytes", "versions")


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_TOKEN", "s3cret")
    monkeypatch.setenv("DIYA_MODEL_TTFT_MS", "350")


def plan(name: str) -> Plan:
    made = read_plan.from_args(
        parser.build().parse_args(["readiness", "--seed", "7", *PLANS[name]])
    )
    return replace(made, run_id="0123456789ab", origin=1793500000.5)


def written(folder: Path, made: Plan, description: RunDescription) -> dict[str, Any]:
    """`run.json` without this machine, the profile and the journeys."""
    run_file.write(folder, description)
    text = (folder / run_file.FILE).read_text()
    assert "s3cret" not in text
    values: dict[str, Any] = json.loads(text)
    assert values["profile"] == json.loads(json.dumps(made.profile.to_dict()))
    values["profile"] = "the profile"
    if made.book is not None:
        assert values["journeys"] == json.loads(json.dumps(made.book.to_dict()))
        values["journeys"] = "the journeys"
    for key in MACHINE:
        assert values["environment"][key]
        values["environment"][key] = "this machine's"
    for key in ("cpu", "machine"):  # not known everywhere
        assert values["environment"].pop(key) != ""
    values["command"] = [word.replace(str(command.HERE), "HERE") for word in values["command"]]
    return values


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_is_written_as_before(tmp_path: Path, name: str) -> None:
    made = plan(name)
    values = written(tmp_path, made, made.description())
    assert values == GOLDEN[name]
    assert [*values] == [*GOLDEN[name]], "in the same order"


def test_a_fleet_that_is_up_is_written_as_before(tmp_path: Path) -> None:
    made = plan("process").sized(
        Sizing(
            mode="auto",
            factor=0.5,
            cpu_s_per_turn=0.025,
            cores=2.0,
            carries_turns_per_s=80.0,
            planned_peak_turns_per_s=96.0,
            peak_turns_per_s=48.0,
            turns=84,
            seconds=3.1,
            cpu_s_per_first_turn=0.02,
        )
    )
    info = SimpleNamespace(name="valkey", version="9.1.0", allocator="jemalloc-5.3.0")
    # Only its own description: the engine is not asked.
    fleet: Any = object.__new__(ComposeFleet)
    fleet.redis = SimpleNamespace(info=info)
    fleet.balancer = SimpleNamespace(url="http://127.0.0.1:8001")
    fleet.images = {"redis": {"name": "redis:8", "id": "sha256:1"}}
    fleet.replicas = {"r01": SimpleNamespace(id="0123456789abcdef")}
    assert written(tmp_path, made, described(made, fleet)) == GOLDEN["started"]


@pytest.mark.parametrize("name", PLANS)
def test_a_description_is_read_back_as_it_was_written(tmp_path: Path, name: str) -> None:
    description = plan(name).description()
    run_file.write(tmp_path, description)
    again = run_file.read(tmp_path, RunDescription)
    assert to_builtins(again) == json.loads(json.dumps(to_builtins(description)))


@pytest.mark.parametrize("door", ["agent-engine", "a2a"])
def test_another_door_is_written_and_read_by_the_generator(tmp_path: Path, door: str) -> None:
    options = (*TINY, "--target", "http://127.0.0.1:8000", "--door", door)
    made = read_plan.from_args(parser.build().parse_args(["readiness", *options]))
    run_file.write(tmp_path, made.description())
    assert json.loads((tmp_path / run_file.FILE).read_text())["door"] == door
    assert settings.read(tmp_path).door == door


def test_the_usual_door_is_not_written_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    description = plan("target").description()
    run_file.write(tmp_path, description)
    assert "door" not in json.loads((tmp_path / run_file.FILE).read_text())
    run_file.write(tmp_path, structs.replace(description, door="back", token_env=None))
    with pytest.raises(ValueError, match=r"door must be one of adk, agent-engine, a2a, got back"):
        settings.read(tmp_path)
