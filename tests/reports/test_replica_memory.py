"""The memory of replicas: a leak is convicted, caches that fill and restarts are not."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.checks.replica_memory import check_replica_memory
from reports.records import Sample, Status
from tests.reports.a_run import MIB, Run, redis_samples
from tests.reports.gated import judge

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
SMALLEST = [
    (int(turns.replace(",", "")), float(kilobytes.replace(",", "")) * 1000)
    for turns, kilobytes in re.findall(r"\| ([\d,]+)[^|]* \| ([\d,.]+) kB \|", PAGE.read_text())
]
"""Turns of one replica, and the bytes a turn that the page calls the smallest leak that fails."""


def _always(_: float) -> str:
    return "r01"


def run_with(
    rss: Callable[[float], float],
    *,
    pid: Callable[[float], float] | None = None,
    answering: Callable[[float], str] = _always,
) -> Run:
    """600 turns over 60 s, and one replica whose resident MiB are given by the time."""
    run = Run()
    for number in range(600):
        run.conversation(start=number / 10).turn(replica=answering(number / 10))
    run.samples = redis_samples(run)
    for t in range(-3, 90):
        values = {"rss": rss(float(t)) * MIB, "cpu_percent": 5.0}
        if pid is not None:
            values["pid"] = pid(float(t))
        run.samples.append(Sample(float(t), "replica:r01", values))
    return run


@pytest.mark.parametrize("each_s", [200.0, 100.0, 5.0, 2.0])
def test_a_replica_that_grows_with_every_turn_fails(tmp_path: Path, each_s: float) -> None:
    run = run_with(lambda t: 110 + each_s * min(60.0, max(0.0, t)))
    finding = judge(run, tmp_path, "memory.replicas")
    assert finding.status is Status.FAIL
    assert finding.evidence[0].startswith("r01: ")


def test_the_page_states_smallest_leaks() -> None:
    assert [turns for turns, _ in SMALLEST] == [100, 275, 700, 10_000]


@pytest.mark.parametrize(("turns", "leak"), SMALLEST)
@pytest.mark.parametrize(("share", "status"), [(0.95, Status.PASS), (1.05, Status.FAIL)])
def test_the_smallest_leak_that_fails_is_the_one_on_the_page(
    tmp_path: Path, turns: int, leak: float, share: float, status: Status
) -> None:
    run = Run()
    for number in range(turns):
        run.conversation(start=60 * number / turns).turn(replica="r01")
    run.samples = redis_samples(run)
    for t in range(-3, 90):
        done = turns * min(1.0, max(0.0, t / 60))
        values = {"rss": 115e6 + share * leak * done, "cpu_percent": 5.0}
        run.samples.append(Sample(float(t), "replica:r01", values))
    (finding,) = check_replica_memory(run.history(tmp_path))
    assert finding.status is status


def test_a_cache_that_fills_and_levels_off_passes(tmp_path: Path) -> None:
    run = run_with(lambda t: 110 + min(120.0, 6 * max(0.0, t)))
    assert judge(run, tmp_path, "memory.replicas").status is Status.PASS


def test_growth_as_measured_of_the_reference_service_passes(tmp_path: Path) -> None:
    run = run_with(lambda t: 110 + 0.4 * min(60.0, max(0.0, t)))
    assert judge(run, tmp_path, "memory.replicas").status is Status.PASS


@pytest.mark.parametrize("begins", [15.0, 30.0, 46.0, 48.0])
def test_a_leak_that_begins_late_fails(tmp_path: Path, begins: float) -> None:
    run = run_with(lambda t: 110 + 8 * max(0.0, min(60.0, t) - begins))
    finding = judge(run, tmp_path, "memory.replicas")
    assert finding.status is Status.FAIL


@pytest.mark.parametrize("at", [46.0, 50.0, 58.0])
def test_one_late_step_is_no_leak(tmp_path: Path, at: float) -> None:
    run = run_with(lambda t: 110.0 if t < at else 250.0)
    assert judge(run, tmp_path, "memory.replicas").status is Status.PASS


def test_one_large_step_is_no_leak(tmp_path: Path) -> None:
    run = run_with(lambda t: 110.0 if t < 45 else 250.0)
    assert judge(run, tmp_path, "memory.replicas").status is Status.PASS


def test_a_replica_that_was_restarted_begins_anew(tmp_path: Path) -> None:
    # The new process imports the same modules as the old one, in the second half of the run.
    run = run_with(
        lambda t: 110.0 if t < 31 else min(110.0, 20 + 45 * (t - 31)),
        pid=lambda t: 7.0 if t < 31 else 8.0,
    )
    assert judge(run, tmp_path, "memory.replicas").status is Status.PASS


def test_a_replica_that_takes_long_to_start_does_not_leak_meanwhile(tmp_path: Path) -> None:
    run = run_with(
        lambda t: 110.0 if t < 20 else min(110.0, 20 + 4 * (t - 20)),
        pid=lambda t: 7.0 if t < 20 else 8.0,
        answering=lambda t: "r02" if 19.5 <= t < 45 else "r01",
    )
    finding = judge(run, tmp_path, "memory.replicas")
    assert finding.status is Status.PASS
    assert finding.value == 0


def test_a_leak_in_every_process_of_a_replica_is_seen_between_restarts(tmp_path: Path) -> None:
    run = run_with(
        lambda t: 110 + 8 * (max(0.0, t) if t < 31 else min(60.0, t) - 31),
        pid=lambda t: 7.0 if t < 31 else 8.0,
    )
    finding = judge(run, tmp_path, "memory.replicas")
    assert finding.status is Status.FAIL
    assert len(finding.evidence) == 2


def test_too_few_turns_tell_nothing_and_are_not_counted(tmp_path: Path) -> None:
    run = run_with(lambda t: 110.0)
    run.conversations = run.conversations[:40]
    finding = judge(run, tmp_path, "memory.replicas")
    assert (finding.status, finding.out_of_sight) == (Status.UNKNOWN, True)


def test_replicas_without_samples_are_not_gated(tmp_path: Path) -> None:
    run = Run()
    run.sound()
    assert check_replica_memory(run.history(tmp_path)) == []
