from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaos.errors import ChaosConfigError
from chaos.experiment.model import Experiment
from chaos.experiment.reader import load
from chaos.experiment.schedule import Schedule, SteadyStateError
from chaos.fleet.process_fleet import ProcessFleet
from reports.records import FILES, FaultWindow, ProbeRecord, RecordWriter, RunClock, from_json
from tests.chaos.conftest import MakeFleet

Plan = Callable[..., Experiment]


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Write and read an experiment: each step is (func, arguments, pauses).

    The first `background` of them do not hold up the next; `looks` are probes after them, `rolls`
    the functions of the rollbacks.
    """

    def write(
        *steps: tuple[str, dict[str, Any], dict[str, float]],
        background: int = 0,
        looks: Sequence[dict[str, Any]] = (),
        rolls: Sequence[str] = (),
        **more: Any,
    ) -> Experiment:
        method: list[dict[str, Any]] = [
            {
                "type": "action",
                "name": func,
                "provider": {
                    "type": "python",
                    "module": "chaos.actions",
                    "func": func,
                    "arguments": arguments,
                },
                "pauses": pauses,
            }
            for func, arguments, pauses in steps
        ]
        for entry in method[:background]:
            entry["background"] = True
        method += looks
        if rolls:
            provider = {"type": "python", "module": "chaos.actions"}
            more["rollbacks"] = [
                {"type": "action", "name": func, "provider": {**provider, "func": func}}
                for func in rolls
            ]
        path = tmp_path / "plan.yaml"
        path.write_text(yaml.safe_dump({"title": "t", "method": method, **more}))
        return load(path)

    return write


def recorded(directory: Path) -> list[FaultWindow]:
    path = directory / FILES[FaultWindow]
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [from_json(FaultWindow, line) for line in lines]


def asked(directory: Path) -> list[tuple[str, str, bool | None]]:
    """(when, name, met) of every probe that was asked."""
    lines = (directory / FILES[ProbeRecord]).read_bytes().splitlines()
    records = [from_json(ProbeRecord, line) for line in lines]
    return [(record.when, record.name, record.met) for record in records]


def probe(func: str, tolerance: object) -> dict[str, Any]:
    return {
        "probes": [
            {
                "type": "probe",
                "name": func,
                "provider": {"type": "python", "module": "chaos.probes", "func": func},
                "tolerance": tolerance,
            }
        ]
    }


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_faults_are_played_in_time_with_the_load_and_recorded(
    tmp_path: Path, fleet: ProcessFleet, plan: Plan
) -> None:
    experiment = plan(
        ("kill_replica", {"downtime": 0.1}, {"before": 0.3}),
        ("kill_redis", {"downtime": 0.1}, {"before": 2.4}),
    )
    clock = RunClock(time.time() - 100.0)
    with RecordWriter(tmp_path) as writer:
        schedule = Schedule(experiment, fleet, clock, writer, seed=7)
        assert schedule.planned == ["kill-replica-1", "kill-redis-1"]
        load_start = clock.now()
        schedule.start(load_start)
        assert schedule.current is None
        until(lambda: schedule.current == "kill-replica-1")
        until(lambda: schedule.current == "kill-redis-1")
        assert schedule.join(20)
    assert schedule.finished
    assert schedule.current is None
    first, second = recorded(tmp_path)
    assert (first.id, second.id) == ("kill-replica-1", "kill-redis-1")
    assert first.took_hold
    assert second.took_hold
    assert 0.3 <= first.start - load_start < 5.0
    assert 2.4 <= second.start - first.end < 4.2, "its write probe runs in the pause before it"


def test_the_same_seed_hits_the_same_replicas(
    tmp_path: Path, fleet: ProcessFleet, plan: Plan
) -> None:
    step: tuple[str, dict[str, Any], dict[str, float]] = ("kill_replica", {"downtime": 0.0}, {})
    targets = []
    for attempt in ("a", "b"):
        directory = tmp_path / attempt
        directory.mkdir()
        with RecordWriter(directory) as writer:
            schedule = Schedule(
                plan(step, step, step), fleet, RunClock(time.time()), writer, seed=3
            )
            schedule.start(0.0)
            assert schedule.join(30)
        targets.append([window.target for window in recorded(directory)])
    assert targets[0] == targets[1]
    assert len(targets[0]) == 3


def test_a_stop_heals_the_fault_in_progress_and_does_no_other(
    tmp_path: Path, fleet: ProcessFleet, plan: Plan
) -> None:
    experiment = plan(
        ("kill_replica", {"replica": "r01", "downtime": 60}, {}), ("kill_redis", {}, {})
    )
    with RecordWriter(tmp_path) as writer:
        schedule = Schedule(experiment, fleet, RunClock(time.time()), writer, seed=1)
        schedule.start(0.0)
        until(lambda: not fleet.replicas["r01"].running)
        assert schedule.stop()
    (window,) = recorded(tmp_path)
    assert window.took_hold
    assert window.recovered_at is not None
    assert fleet.replicas["r01"].ready()


def test_a_stop_between_faults_or_before_the_start_records_nothing(
    tmp_path: Path, fleet: ProcessFleet, plan: Plan
) -> None:
    experiment = plan(("kill_redis", {}, {"before": 60}))
    with RecordWriter(tmp_path) as writer:
        never = Schedule(experiment, fleet, RunClock(time.time()), writer, seed=1)
        assert never.stop()
        waiting = Schedule(experiment, fleet, RunClock(time.time()), writer, seed=1)
        waiting.start(0.0)
        assert waiting.stop()
    assert recorded(tmp_path) == []


def test_a_fault_that_fails_is_recorded_and_the_next_is_done(
    tmp_path: Path, fleet: ProcessFleet, plan: Plan
) -> None:
    fleet.replicas["r01"].kill()
    experiment = plan(("kill_replica", {"replica": "r01"}, {}), ("noop", {"duration": 0}, {}))
    with RecordWriter(tmp_path) as writer:
        schedule = Schedule(experiment, fleet, RunClock(time.time()), writer, seed=1)
        schedule.start(0.0)
        assert schedule.join(20)
    assert [window.took_hold for window in recorded(tmp_path)] == [False, True]


def test_a_fault_that_can_never_be_done_is_refused_before_the_run(
    tmp_path: Path, make_fleet: MakeFleet, plan: Plan
) -> None:
    fleet = make_fleet(redis="redis://127.0.0.1:1/0")
    with RecordWriter(tmp_path) as writer, pytest.raises(ChaosConfigError) as error:
        Schedule(plan(("kill_redis", {}, {})), fleet, RunClock(0.0), writer, seed=1)
    assert "plan.yaml: kill-redis-1: kill-redis: the Redis at redis://127.0.0.1:1/0" in str(
        error.value
    )


def test_no_fault_is_done_when_the_steady_state_does_not_hold(
    tmp_path: Path, fleet: ProcessFleet, plan: Plan
) -> None:
    hypothesis = {"steady-state-hypothesis": probe("replicas_ready", 12)}
    experiment = plan(("kill_redis", {}, {}), **hypothesis)
    with RecordWriter(tmp_path) as writer:
        schedule = Schedule(experiment, fleet, RunClock(time.time()), writer, seed=1)
        with pytest.raises(SteadyStateError, match="replicas_ready: 3, expected 12"):
            schedule.start(0.0)
    assert recorded(tmp_path) == []
    assert asked(tmp_path) == [("before", "replicas_ready", False)]


def test_the_steady_state_is_asked_again_after_the_last_fault(
    tmp_path: Path, own_fleet: ProcessFleet, plan: Plan
) -> None:
    fleet = own_fleet
    hypothesis = {"steady-state-hypothesis": probe("all_in_rotation", True)}
    experiment = plan(("noop", {"duration": 0.3}, {}), **hypothesis)
    with RecordWriter(tmp_path) as writer:
        schedule = Schedule(experiment, fleet, RunClock(time.time()), writer, seed=1)
        schedule.start(0.0)
        assert schedule.join(10)
        again = Schedule(experiment, fleet, RunClock(time.time()), writer, seed=1)
        again.start(0.0)
        fleet.balancer.kill()
        assert again.join(20)
    assert asked(tmp_path) == [
        ("before", "all_in_rotation", True),
        ("after", "all_in_rotation", True),
        ("before", "all_in_rotation", True),
        ("after", "all_in_rotation", False),
    ]


def test_a_fault_in_the_background_does_not_hold_up_the_next(
    tmp_path: Path, fleet: ProcessFleet, plan: Plan
) -> None:
    experiment = plan(
        ("noop", {"duration": 60}, {"before": 0.1}),
        ("kill_replica", {"downtime": 0.1}, {"before": 0.3}),
        background=1,
    )
    with RecordWriter(tmp_path) as writer:
        schedule = Schedule(experiment, fleet, RunClock(time.time()), writer, seed=1)
        schedule.start(0.0)
        until(lambda: schedule.current == "noop-1 + kill-replica-1")
        until(lambda: [window.id for window in recorded(tmp_path)] == ["kill-replica-1"])
        assert schedule.current == "noop-1"
        assert schedule.stop(), "a stop reaches the background too"
    kill, noop = recorded(tmp_path)
    assert noop.start < kill.start < kill.end <= noop.end
    assert (kill.took_hold, noop.took_hold) == (True, True)


def test_a_fault_begins_at_its_phase_of_the_load(
    tmp_path: Path, fleet: ProcessFleet, plan: Plan
) -> None:
    experiment = plan(
        ("noop", {"duration": 0}, {"before": 60}),
        ("kill_replica", {"downtime": 0}, {}),
        extensions=[{"name": "diya", "at": {"noop": "opening+0.3s", "kill_replica": "start"}}],
    )
    clock = RunClock(time.time() - 50)
    with RecordWriter(tmp_path) as writer:
        phases = {"warmup": 0.0, "opening": 0.5}
        schedule = Schedule(experiment, fleet, clock, writer, seed=1, phases=phases)
        load_start = clock.now()
        schedule.start(load_start)
        assert schedule.join(20)
    noop, kill = recorded(tmp_path)
    assert noop.start - load_start == pytest.approx(0.8, abs=0.3)
    assert kill.start >= noop.end, "its moment was past: it began when the one before had ended"


def test_a_phase_that_the_load_does_not_have_is_refused(
    tmp_path: Path, make_fleet: MakeFleet, plan: Plan
) -> None:
    experiment = plan(
        ("noop", {}, {}), extensions=[{"name": "diya", "at": {"noop": "openning+1s"}}]
    )
    with RecordWriter(tmp_path) as writer, pytest.raises(ChaosConfigError) as error:
        Schedule(experiment, make_fleet(), RunClock(0.0), writer, 1, {"opening": 3.0})
    assert str(error.value).endswith(
        "at: noop must be a phase of the load (start, opening), got 'openning+1s'"
    )


def test_probes_of_the_method_are_asked_in_their_place_and_rollbacks_come_last(
    tmp_path: Path, fleet: ProcessFleet, plan: Plan
) -> None:
    question = probe("balancer_status", 503)["probes"][0]
    experiment = plan(("noop", {"duration": 0}, {}), looks=[question], rolls=["noop"])
    with RecordWriter(tmp_path) as writer:
        schedule = Schedule(experiment, fleet, RunClock(time.time()), writer, seed=1)
        schedule.start(0.0)
        assert schedule.join(20)
    assert asked(tmp_path) == [("during", "balancer_status", False)]
    assert [window.id for window in recorded(tmp_path)] == ["noop-1", "rollback-noop-1"]
