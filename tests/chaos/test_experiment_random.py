"""Random experiments: the same for the same seed, and always such that the fleet can have them."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path

import pytest
import yaml

from chaos.errors import ChaosConfigError
from chaos.experiment.model import Experiment, plan_of
from chaos.experiment.random_experiment import (
    CALM_S,
    CONTAINERS,
    MOST_FAULTS,
    draw,
    local_fleet,
    may_overlap,
    possible,
)
from chaos.experiment.reader import load, parse
from chaos.experiment.schedule import Schedule
from chaos.faults.catalogue import CATALOGUE, FAULTS
from chaos.faults.drawing import Drawing, FleetCapabilities, NeverDrawn
from chaos.faults.network_fault import NetworkFault
from chaos.fleet.environment import MODEL_OVER_HTTP
from chaos.fleet.load_switch import LoadSwitchFile
from chaos.fleet.topology import Topology
from reports.records import RecordWriter, RunClock
from tests.chaos.conftest import MakeFleet

SINGLE = local_fleet(Topology(), 3)
LOAD = LoadSwitchFile(Path("no-run"))
TOPOLOGIES = (Topology(), Topology("sentinel"), Topology(aof="off"), Topology("cluster"))
REPLICAS = (1, 2, 3, 12)
LENGTHS = (8.0, 20.0, 60.0, 93.0, 3600.0)
SEEDS = range(200)


def test_the_same_seed_gives_the_same_text_and_another_another() -> None:
    texts = [draw(seed, 93.0, SINGLE) for seed in SEEDS[:30]]
    assert texts == [draw(seed, 93.0, SINGLE) for seed in SEEDS[:30]]
    assert len(set(texts)) == len(texts)


@pytest.mark.slow
def test_each_of_200_seeds_draws_faults_that_fit_the_fleet_and_the_load(
    tmp_path: Path, make_fleet: MakeFleet
) -> None:
    with RecordWriter(tmp_path) as writer:
        for number, (topology, replicas) in enumerate(product(TOPOLOGIES, REPLICAS)):
            fleet = make_fleet(topology=topology, replicas=replicas, proxy=True, load=LOAD)
            on = local_fleet(topology, replicas)
            assert on.capabilities == fleet.capabilities
            for seed in SEEDS[number :: len(TOPOLOGIES) * len(REPLICAS)]:
                seconds = LENGTHS[seed % len(LENGTHS)]
                experiment = parse(draw(seed, seconds, on), Path("drawn"))
                assert experiment.topology == topology.shape
                Schedule(experiment, fleet, RunClock(0.0), writer, seed)  # which checks each fault
                assert_spaced(experiment, seconds)


def assert_spaced(experiment: Experiment, seconds: float) -> None:
    """Every fault has its calm, and all are over before the load is."""
    assert 1 <= len(experiment.faults) <= MOST_FAULTS
    moments = [step.at.offset for step in experiment.faults if step.at is not None]
    assert len(moments) == len(experiment.faults)
    assert moments[0] >= min(5.0, seconds / 5)
    assert moments[-1] < 0.9 * seconds
    steps = experiment.faults
    for (step, moment), (_, following) in pairwise(zip(steps, moments, strict=True)):
        assert following > moment
        # A fault in the background overlaps the next one; all others are followed by calm.
        assert step.background or following - moment > CALM_S
    assert not steps[-1].background
    assert all(step.after >= CALM_S for step in steps)


def test_faults_overlap_in_pairs_of_which_each_can_be_seen_to_take_hold() -> None:
    pairs, alone = set(), 0
    for seed in SEEDS:
        method = yaml.safe_load(draw(seed, 93.0, SINGLE))["method"]
        for first, second in pairwise(method):
            if first.get("background"):
                assert not second.get("background")
                pairs.add((first["provider"]["func"], second["provider"]["func"]))
            else:
                alone += 1
    assert len(pairs) > 50
    assert alone > len(pairs)
    assert all(may_overlap(one, other) for one, other in pairs)


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("kill_replica", "restart_redis", True),
        ("model_errors", "kill_half", True),
        ("load_spike", "network_latency", True),
        ("kill_replica", "freeze_replica", False),  # which may be one and the same
        ("network_black_hole", "kill_redis", False),
        ("network_cut", "kill_zone", False),
        ("kill_streaming", "model_errors", False),
        ("exhaust_connections", "kill_replica", False),
    ],
)
def test_only_faults_of_unrelated_areas_may_overlap(one: str, other: str, overlap: bool) -> None:
    assert may_overlap(one, other) is may_overlap(other, one) is overlap


@pytest.mark.slow
def test_a_fault_beside_another_begins_while_that_one_lasts_and_both_have_the_calm_after() -> None:
    for seed in SEEDS:
        steps = parse(draw(seed, 3600.0, SINGLE), Path("drawn")).faults
        for first, second in pairwise(steps):
            if not first.background:
                continue
            assert first.at is not None
            assert second.at is not None
            fault = first.make()
            lasts = sum(getattr(fault, name, 0.0) for name in ("duration", "downtime", "load"))
            assert first.at.offset < second.at.offset <= first.at.offset + max(0.2, lasts) + 0.1


def test_no_fault_is_drawn_for_an_external_redis_or_a_real_model(make_fleet: MakeFleet) -> None:
    on = local_fleet(Topology(), 3, own_redis=False, scripted_model=False)
    fleet = make_fleet(redis="redis://127.0.0.1:1/0", proxy=True, load=LOAD)
    assert on.capabilities == fleet.capabilities - {"model"}
    assert {"kill_replica", "network_latency"} < set(possible(on))
    for func in possible(on):
        assert "redis" not in func
        assert "model" not in func
    for seed in SEEDS[:20]:
        faults = [step.make() for step in parse(draw(seed, 60.0, on), Path("drawn")).faults]
        assert all(f.side == "balancer" for f in faults if isinstance(f, NetworkFault))


def test_faults_of_the_wire_are_drawn_only_for_a_stand_in() -> None:
    wire = {"model_unfinished_streams", "model_garbage"}
    assert not wire & set(possible(SINGLE))
    for on in (
        local_fleet(Topology(), 3, stand_in=True),
        FleetCapabilities(CONTAINERS | MODEL_OVER_HTTP, 3),
    ):
        assert wire | {"slow_model", "model_errors"} <= set(possible(on))
        # An agent's reply may be over before it can be cut.
        assert "kill_streaming" not in possible(on)


def test_only_the_model_has_faults_beside_a_target() -> None:
    on = FleetCapabilities(MODEL_OVER_HTTP, 0)
    assert {FAULTS[func].area for func in possible(on)} == {"model"}
    assert draw(3, 60.0, on)


def test_only_faults_of_containers_are_drawn_in_containers() -> None:
    on = FleetCapabilities(CONTAINERS, 3)
    assert "kill_redis" in possible(on)
    assert not [func for func in possible(on) if func.startswith(("network", "slow_model", "cpu"))]
    assert draw(3, 30.0, on)


@pytest.mark.slow
def test_every_fault_of_the_catalogue_is_drawn_by_some_seed_or_left_out_for_a_reason() -> None:
    left_out = {
        kind for kind in CATALOGUE if isinstance(kind.drawing, NeverDrawn) and kind.drawing.reason
    }
    drawn = set()
    fleets = [
        *(local_fleet(topology, 12) for topology in TOPOLOGIES),
        local_fleet(Topology(), 12, stand_in=True),
        local_fleet(Topology(), 12, own_redis=False, own_database=True),
        FleetCapabilities(CONTAINERS, 12),
    ]
    for on in fleets:
        for seed in SEEDS[:40]:
            experiment = parse(draw(seed, 93.0, on), Path("drawn"))
            drawn |= {type(step.make()) for step in experiment.faults}
    assert drawn == {kind for kind in CATALOGUE if isinstance(kind.drawing, Drawing)}
    assert drawn | left_out == set(CATALOGUE)


def test_every_class_of_the_catalogue_says_itself_how_it_is_drawn() -> None:
    # Else it would be drawn as the fault that it is derived from.
    assert [kind for kind in CATALOGUE if "drawing" not in vars(kind)] == []
    assert all(isinstance(kind.drawing, Drawing | NeverDrawn) for kind in CATALOGUE)


def test_a_load_without_room_for_a_fault_is_refused() -> None:
    with pytest.raises(
        ChaosConfigError, match=r"random:5: the load must have room for a fault .*, got 1 s"
    ):
        draw(5, 1.0, SINGLE)


def test_a_drawn_experiment_can_be_read_from_a_file(tmp_path: Path) -> None:
    text = draw(7, 60.0, SINGLE)
    path = tmp_path / "experiment.yaml"
    path.write_text(text)
    read = load(path)
    assert read.source == text
    assert plan_of(read) == plan_of(parse(text, Path("random:7")))


def test_no_fault_is_drawn_to_last_longer_than_the_fleet_allows() -> None:
    on = local_fleet(Topology(), 3, longest_s=0.5)
    lengths = []
    for seed in SEEDS[:30]:
        for step in yaml.safe_load(draw(seed, 60.0, on))["method"]:
            drawn = step["provider"]["arguments"]
            lengths += [drawn[name] for name in ("duration", "downtime", "load") if name in drawn]
    assert max(lengths) == 0.5
