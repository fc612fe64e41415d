"""Floors of evidence: a run in which hardly anything happened proves nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from reports.checks.floors import check_floors
from reports.records import FaultWindow, Sample, Status
from tests.reports.a_run import Run, redis_samples
from tests.reports.gated import busy, judge


def answered_by(run: Run, replicas: int) -> Run:
    """The run, answered by the first so many replicas alone, in turn."""
    number = 0
    for conversation in run.conversations:
        for place, turn in enumerate(conversation.turns):
            name = f"r{number % replicas + 1:02}"
            conversation.turns[place] = msgspec.structs.replace(turn, replica=name)
            number += 1
    return run


@pytest.mark.parametrize(
    ("alive", "status"), [(2, "fail"), (4, "fail"), (11, "fail"), (12, "pass")]
)
def test_replicas_that_never_answer_make_a_run_prove_nothing(
    tmp_path: Path, alive: int, status: str
) -> None:
    assert judge(answered_by(busy(), alive), tmp_path, "validity.replicas").status == status


def test_a_few_turns_need_not_reach_every_replica(tmp_path: Path) -> None:
    run = answered_by(busy(conversations=10), 4)
    assert judge(run, tmp_path, "validity.replicas").status is Status.PASS


def test_a_service_without_replica_names_is_not_gated(tmp_path: Path) -> None:
    run = Run()
    run.conversation().turn(replica=None)
    assert check_floors(run.history(tmp_path)) == []


@pytest.mark.parametrize(("moving", "status"), [(0, "fail"), (1, "fail"), (20, "pass")])
def test_a_balancer_that_sticks_makes_a_run_prove_nothing(
    tmp_path: Path, moving: int, status: str
) -> None:
    run = Run()
    for number in range(40):
        home = f"r{number % 12 + 1:02}"
        other = "r12" if number < moving and home != "r12" else home
        run.conversation(start=6.0 + number).turn(replica=home).turn(replica=other)
    assert judge(run, tmp_path, "validity.spread").status == status


@pytest.mark.parametrize(("moving", "status"), [(0, "fail"), (20, "pass")])
def test_conversations_of_a_target_must_move_between_the_replicas_that_it_names(
    tmp_path: Path, moving: int, status: str
) -> None:
    run = Run(replicas=None)
    for number in range(40):
        home, other = ("r01", "r02") if number % 2 else ("r02", "r01")
        turns = run.conversation(start=6.0 + number).turn(replica=home)
        turns.turn(replica=other if number < moving else home)
    assert judge(run, tmp_path, "validity.spread").status == status


def test_conversations_of_a_target_with_one_replica_need_not_move(tmp_path: Path) -> None:
    run = Run(replicas=None)
    run.conversation().turn(replica="r01").turn(replica="r01")
    assert check_floors(run.history(tmp_path)) == []


@pytest.mark.parametrize(("healed", "status"), [(22.0, "pass"), (47.5, "fail"), (70.0, "fail")])
def test_a_last_fault_without_later_turns_proves_nothing(
    tmp_path: Path, healed: float, status: str
) -> None:
    run = busy()
    run.fault("kill-replica", 20.0, healed, target="r01")
    finding = judge(run, tmp_path, "validity.aftermath")
    assert finding.status == status
    assert "kill-replica-1" in finding.summary


# Faults without effect


def test_a_killed_redis_whose_run_id_never_changed_was_not_killed(tmp_path: Path) -> None:
    run = busy()
    run.fault("kill-redis", 20.0, 22.0)
    assert judge(run, tmp_path, "validity.faults").status is Status.PASS
    samples = redis_samples(run)
    run.samples = [Sample(s.t, s.source, {**s.values, "run": 1.0}) for s in samples]
    finding = judge(run, tmp_path, "validity.faults")
    assert finding.status is Status.FAIL
    assert finding.evidence == (
        "kill-redis-1: the run id of Redis was the same before 20.0 s and after",
    )


@pytest.mark.parametrize(("pid", "status"), [(7.0, "fail"), (8.0, "pass")])
def test_a_killed_replica_whose_process_runs_on_was_not_killed(
    tmp_path: Path, pid: float, status: str
) -> None:
    run = busy()
    run.fault("rolling-restart", 20.0, 22.0, target="r01, r02")
    run.samples = redis_samples(run)
    for name, after in (("r01", 8.0), ("r02", pid)):
        run.samples += [Sample(10.0, f"replica:{name}", {"pid": 7.0})]
        run.samples += [Sample(30.0, f"replica:{name}", {"pid": after})]
    assert judge(run, tmp_path, "validity.faults").status == status


@pytest.mark.parametrize("kind", ["freeze-redis", "network-latency"])
def test_a_fault_that_ends_no_process_may_leave_it_as_it_is(tmp_path: Path, kind: str) -> None:
    run = busy()
    run.fault(kind, 20.0, 22.0)
    assert judge(run, tmp_path, "validity.faults").status is Status.PASS


# Redis sampled during the load


@pytest.mark.parametrize(
    ("fault", "status"), [(None, "fail"), (("freeze-redis", 21.0, 38.0), "pass")]
)
def test_redis_must_be_sampled_during_the_load_but_for_its_faults(
    tmp_path: Path, fault: tuple[str, float, float] | None, status: str
) -> None:
    run = busy()
    if fault is not None:
        run.faults.append(FaultWindow("f", fault[0], "redis", fault[1], fault[2], 38.0, True))
    run.samples = [s for s in redis_samples(run) if not 20 < s.t < 40]
    run.samples += [Sample(float(t), "host", {"cpu_percent": 5.0}) for t in range(-3, 93)]
    finding = judge(run, tmp_path, "validity.samples")
    assert finding.status == status
    assert ("of Redis" in finding.summary) == (status == "fail")


def without_names(faults: tuple[str, ...], replicas: int | None = None, **fault: object) -> Run:
    """A target's run whose answers name no replica."""
    run = Run(replicas=replicas, foreign=True)
    for number in range(40):
        talk = run.conversation(start=6.0 + number)
        talk.turn(replica=None).turn(replica=None)
    for kind in faults:
        target = "redis" if "redis" in kind else "pods"
        run.fault(kind, 20.0, 22.0, **{"target": target, **fault})
    return run


@pytest.mark.parametrize("replicas", [None, 3])
def test_faults_of_replicas_that_nobody_can_name_make_the_spread_unknown(
    tmp_path: Path, replicas: int | None
) -> None:
    found = judge(without_names(("kill-pods",), replicas), tmp_path, "validity.spread")
    assert (found.status, found.out_of_sight) == ("unknown", False)
    assert "kill-pods-1 is a fault of replicas, but no answer names the replica" in found.summary
    assert "--replica-header NAME" in found.summary


@pytest.mark.parametrize("kind", ["kill-replica", "rolling-restart", "scale-down"])
def test_a_fault_of_replicas_is_one_whatever_their_names_are(tmp_path: Path, kind: str) -> None:
    run = without_names((kind,), target="redis-agent-7f9c,model-agent-5d2b")
    assert judge(run, tmp_path, "validity.spread").status == "unknown"


@pytest.mark.parametrize(
    ("faults", "replicas"),
    [
        ((), None),
        (("kill-pods",), 1),
        (("kill-redis", "restart-database", "slow-model", "load-spike"), None),
    ],
)
def test_the_spread_is_not_asked_for_without_faults_of_several_replicas(
    tmp_path: Path, faults: tuple[str, ...], replicas: int | None
) -> None:
    findings = check_floors(without_names(faults, replicas).history(tmp_path))
    assert "validity.spread" not in {each.check for each in findings}


def test_a_fault_that_somebody_else_declares_needs_no_names_of_replicas(tmp_path: Path) -> None:
    run = without_names(("marked",), declared="marked")
    findings = check_floors(run.history(tmp_path))
    assert "validity.spread" not in {each.check for each in findings}


@pytest.mark.parametrize(("names", "status"), [(3, "pass"), (80, "unknown")])
def test_a_header_with_another_name_in_each_answer_names_no_replica(
    tmp_path: Path, names: int, status: str
) -> None:
    run = Run(replicas=None, foreign=True)
    for number in range(40):
        first, second = (f"id-{(2 * number + place) % names}" for place in (0, 1))
        run.conversation(start=6.0 + number).turn(replica=first).turn(replica=second)
    assert judge(run, tmp_path, "validity.spread").status == status
