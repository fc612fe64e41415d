"""Other writers who appear only during the load convict no service, and hide no leak of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reports.checks import run_checks
from reports.measures.key_kinds import KEYS
from reports.records import Finding, Sample, Status
from tests.reports.a_run import Run
from tests.reports.test_leftovers import sampled

LEFT = 3000.0


def during(t: float) -> float:
    """A writer who comes during the load and goes before its end."""
    return LEFT * min(max(0.0, t - 20.0) / 30.0, 1.0)


def kind(name: str, **values: float) -> Sample:
    return Sample(95.0, f"{KEYS}{name}", values)


SESSIONS = kind("chat:*", own=1.0, rehearsed=4.0, left=0.0)
THEIRS = kind("batch:*", left=LEFT, forever=LEFT)
RARE = kind("memo:*", rehearsed=3.0, left=1000.0, forever=1000.0)


def memory(run: Run, tmp_path: Path) -> dict[str, Finding]:
    findings = run_checks(run.history(tmp_path))
    return {f.check: f for f in findings if f.check.startswith("memory.")}


def with_kinds(run: Run, *kinds: Sample) -> Run:
    assert run.samples is not None
    run.samples += kinds
    return run


def test_a_writer_who_comes_during_the_load_convicts_no_service(tmp_path: Path) -> None:
    run = with_kinds(sampled(others=during, forever=True), SESSIONS, THEIRS)
    found = memory(run, tmp_path)
    assert Status.FAIL not in {each.status for each in found.values()}
    for gate in ("memory.keys", "memory.ttl"):
        assert found[gate].status is Status.UNKNOWN
        assert "3000 like batch:*; somebody else may have written them" in found[gate].summary
        assert "a run in a Redis that nobody else uses tells" in found[gate].summary


def test_bytes_that_are_left_beside_new_keys_of_others_may_be_theirs(tmp_path: Path) -> None:
    run = sampled(bytes_each=1000.0)
    assert memory(run, tmp_path)["memory.baseline"].status is Status.FAIL
    found = memory(with_kinds(run, SESSIONS, THEIRS), tmp_path)["memory.baseline"]
    assert found.status is Status.UNKNOWN
    log = kind("plain:log", rehearsed=1.0, before=1.0, left=1.0, bytes_left=1000.0 * 1000)
    leaking = with_kinds(sampled(bytes_each=1000.0), SESSIONS, THEIRS, log)
    assert memory(leaking, tmp_path)["memory.baseline"].status is Status.FAIL
    few = memory(with_kinds(sampled(bytes_each=1000.0), kind("index", left=1.0)), tmp_path)
    assert few["memory.baseline"].status is Status.FAIL


def test_without_the_kinds_of_keys_a_slow_writer_is_taken_for_the_service(tmp_path: Path) -> None:
    found = memory(sampled(others=during, forever=True), tmp_path)
    assert found["memory.keys"].status is Status.FAIL


def test_a_leak_of_another_kind_than_sessions_is_found_beside_others(tmp_path: Path) -> None:
    run = with_kinds(sampled(keys_each=1.0, others=during, forever=True), SESSIONS, RARE, THEIRS)
    found = memory(run, tmp_path)
    assert found["memory.keys"].status is Status.FAIL
    assert found["memory.ttl"].status is Status.FAIL


def test_a_leak_that_strangers_do_not_explain_is_found(tmp_path: Path) -> None:
    run = with_kinds(sampled(keys_each=1.0), SESSIONS, kind("batch:*", left=100.0))
    assert memory(run, tmp_path)["memory.keys"].status is Status.FAIL


def test_a_kind_that_was_there_before_the_rehearsal_is_not_surely_of_the_turns(
    tmp_path: Path,
) -> None:
    """A shop's carts come and go all the time, in the rehearsal and before the load as well."""
    carts = kind("cart:*", first=40.0, rehearsed=2.0, before=42.0, left=3042.0)
    others: Callable[[float], float] = lambda t: 40.0 + (t == -2) + during(t)  # noqa: E731
    found = memory(with_kinds(sampled(others=others), SESSIONS, carts), tmp_path)
    assert found["memory.keys"].status is Status.UNKNOWN


@pytest.mark.parametrize("at", [7.5, 30.5])
def test_keys_that_no_turns_explain_are_of_others(tmp_path: Path, at: float) -> None:
    run = sampled(others=lambda t: LEFT if t > at else 0.0)
    finding = memory(run, tmp_path)["memory.keys"]
    assert finding.status is Status.UNKNOWN
    assert f"added at once at {at + 0.5:.0f} s, beside" in finding.summary


def test_a_leak_is_found_beside_a_burst_of_others(tmp_path: Path) -> None:
    run = sampled(keys_each=1.0, others=lambda t: LEFT if t > 30.5 else 0.0)
    found = memory(run, tmp_path)
    assert found["memory.keys"].status is Status.FAIL


@pytest.mark.parametrize("each", [0.1, 1.0, 3.0, 20.0])
def test_a_leak_is_no_burst(tmp_path: Path, each: float) -> None:
    assert memory(sampled(keys_each=each), tmp_path)["memory.keys"].status is Status.FAIL
