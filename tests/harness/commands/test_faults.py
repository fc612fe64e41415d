"""`diya faults` and `diya experiments`: the catalogue as people and scripts read it."""

from __future__ import annotations

import dataclasses
import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from chaos.containers.container_fleet import ContainerFleet
from chaos.experiment import random_experiment
from chaos.experiment.model import names
from chaos.faults.base import Fault
from chaos.faults.catalogue import FAULTS
from chaos.fleet.load_switch import LoadSwitchFile
from chaos.fleet.process_fleet import ProcessFleet
from chaos.fleet.shapes import SENTINEL_SET, SHAPES
from chaos.fleet.stand_in import StandInPlan
from chaos.fleet.topology import Topology
from harness.commands import fault_table
from harness.commands.fault_table import catalogue
from tests.harness import command

pytestmark = pytest.mark.service

_STAND_IN = StandInPlan(calls=Path("calls"), origin=0.0, variables=lambda url, key: {})


@pytest.fixture(scope="module")
def told() -> list[dict[str, Any]]:
    finished = command.run_here("faults", "--json")
    assert (finished.returncode, finished.stderr) == (0, "")
    faults: list[dict[str, Any]] = json.loads(finished.stdout)
    return faults


def test_every_fault_is_listed_once_with_its_parameters_and_defaults(
    told: list[dict[str, Any]],
) -> None:
    assert [each["function"] for each in told] == list(FAULTS)
    for each in told:
        kind = FAULTS[each["function"]]
        assert each["name"] == kind.kind
        defaults = {field.name: field.default for field in dataclasses.fields(kind) if field.init}
        assert {p["name"]: p["default"] for p in each["parameters"]} == defaults


def test_every_number_has_a_unit_and_no_text_has_one(told: list[dict[str, Any]]) -> None:
    parameters = [parameter for each in told for parameter in each["parameters"]]
    for parameter in parameters:
        assert (parameter["unit"] is None) == (parameter["type"] == "text"), parameter
        assert parameter["meaning"]


def test_the_list_is_a_line_for_each_fault_with_the_places_that_take_it() -> None:
    finished = command.run_here("faults")
    assert finished.returncode == 0
    lines = finished.stdout.splitlines()
    listed = [line.split()[0] for line in lines[:-3] if not line.startswith(" ")]
    assert listed == [kind.kind for kind in FAULTS.values()]
    told = [" ".join(line.split()) for line in lines]
    assert any(line.startswith("kill-replica SIGKILL one replica, and start it") for line in told)
    sets = ", ".join(name for name, shape in SHAPES.items() if shape.capability == SENTINEL_SET)
    assert f"failover The primary of a Sentinel set. [only {sets}]" in told
    assert max(map(len, lines)) <= 100


def test_a_fault_is_told_with_units_defaults_and_places() -> None:
    finished = command.run_here("faults", "kill_redis")
    assert (finished.returncode, finished.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in finished.stdout.splitlines()]
    assert lines[0] == "kill-redis"
    assert "downtime number (s) 0.5 from the end of the target to its new start" in lines
    assert "--env containers yes" in lines
    assert any(line.startswith("--target URL no: a --target gets no faults of ") for line in lines)
    assert any(line.startswith("--redis redis://… no: ") for line in lines)
    assert "by hand: diya chaos kill-redis --param downtime=0.5 (beside `diya up`)" in lines


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("network-cut", "diya up --proxy"),
        ("failover", "diya up --topology sentinel"),
        ("load-spike", None),
        ("disconnect-redis", None),
    ],
)
def test_the_fleet_for_a_fault_by_hand_is_named_where_there_is_one(
    name: str, beside: str | None
) -> None:
    said = command.run_here("faults", name).stdout
    assert ("by hand" in said) == (beside is not None)
    assert beside is None or f"(beside `{beside}`)" in said


def test_one_fault_as_json_is_the_entry_of_the_list(told: list[dict[str, Any]]) -> None:
    one = json.loads(command.run_here("faults", "kill-zone", "--json").stdout)
    assert one in told


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("kil-replica", "got 'kil-replica' (did you mean kill-replica?)"),
        ("netwrk_cut", "got 'netwrk_cut' (did you mean network-cut?)"),
        ("xyzzy", "got 'xyzzy' (there are noop, kill-replica, "),
    ],
)
def test_a_wrong_name_is_refused_with_the_nearest_one(name: str, said: str) -> None:
    finished = command.run_here("faults", name)
    assert (finished.returncode, finished.stdout) == (104, "")
    assert finished.stderr.startswith(f"diya: NAME must be a fault, {said}")
    assert len(finished.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("place", "options"),
    [
        ("process", {}),
        ("sentinel", {"topology": Topology("sentinel")}),
        ("cluster", {"topology": Topology("cluster")}),
        ("redis-url", {"redis": "redis://127.0.0.1:1/0"}),
        ("stand-in", {"stand_in": _STAND_IN}),
    ],
)
def test_the_places_are_those_that_a_real_fleet_accepts(
    tmp_path: Path, place: str, options: dict[str, Any]
) -> None:
    load = LoadSwitchFile(tmp_path)
    # The fleet is never started: its refusals follow from the plan.
    fleet = ProcessFleet(
        tmp_path, secrets.token_hex(6), replicas=12, proxy=True, load=load, **options
    )
    for entry in catalogue():
        accepted = _accepts(fleet, FAULTS[entry.function]())
        assert accepted == (entry.refusals[place] is None), entry.name


def _accepts(fleet: ProcessFleet, fault: Fault) -> bool:
    try:
        fault.check(fleet)
    except ValueError:
        return False
    return True


def test_containers_support_the_faults_that_the_table_lists(tmp_path: Path) -> None:
    fleet = object.__new__(ContainerFleet)
    fleet._load = LoadSwitchFile(tmp_path)
    assert fleet.capabilities == random_experiment.CONTAINERS
    assert fault_table.ENVIRONMENTS["containers"] == (
        "--env containers",
        fault_table.ENVIRONMENTS["compose"][1],
    )


def test_every_experiment_is_one_line_with_its_faults() -> None:
    finished = command.run_here("experiments")
    assert (finished.returncode, finished.stderr) == (0, "")
    lines = finished.stdout.splitlines()
    assert [line.split()[0] for line in lines[:-2]] == names()
    assert "smoke           Conversations survive two kills: kill-replica, kill-redis" in lines
    failover = next(line for line in lines if line.startswith("redis-failover"))
    assert failover.endswith(" primary: failover [--topology sentinel]")


def test_experiments_as_json_name_their_files() -> None:
    told = json.loads(command.run_here("experiments", "--json").stdout)
    assert [each["name"] for each in told] == names()
    smoke = next(each for each in told if each["name"] == "smoke")
    assert smoke["faults"] == ["kill-replica-1", "kill-redis-1"]
    assert all(Path(each["file"]).is_file() for each in told)
