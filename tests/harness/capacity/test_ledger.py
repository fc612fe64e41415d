"""What is judged is kept: after each probe on the disk, and the same again from the records."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.capacity import stored
from harness.capacity.ledger import Ledger, _downward, judged_again
from harness.capacity.play_probe import DOWNTIME_S
from harness.capacity.search import Finished
from reports.capacity.findings import Answer, CapacityFindings, ProbeKind
from reports.records import Sample
from reports.records.history import HistoryError
from tests.reports.a_run import Run
from tests.reports.capacity.a_capacity_run import probe, sustainable

BEFORE = CapacityFindings(profile="smoke", sessions="redis")


def played(root: Path, name: str) -> None:
    """A run directory with a few turns; too few for any answer but UNKNOWN."""
    run = Run()
    run.sound()
    run.write(root / name)


def test_a_probe_is_on_the_disk_as_soon_as_it_is_judged(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, BEFORE)
    assert stored.read(tmp_path) == BEFORE
    played(tmp_path, "probe-01")
    found = ledger.judge("probe-01", ProbeKind.SEARCH, 30.0)
    kept = stored.read(tmp_path)
    assert kept.probes == (found,)
    assert (found.rate, found.answer) == (30.0, Answer.UNKNOWN)
    assert kept.sustainable is not None
    assert kept.sustainable.rate.value is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["capacity.json", "probe-01"]


def test_the_demand_knows_the_replica_s_bound_of_turns_in_flight(tmp_path: Path) -> None:
    run = Run()
    run.sound()
    run.samples = [Sample(12.0, "service:r01", {"in_flight_limit": 64.0})]
    run.write(tmp_path / "demand")
    ledger = Ledger(tmp_path, BEFORE)
    assert ledger.demand().in_flight_limit == 64
    assert stored.read(tmp_path).demand == ledger.findings.demand


def test_a_stored_run_is_judged_again_from_its_records(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, BEFORE)
    for name in ("probe-01", "probe-02"):
        played(tmp_path, name)
        ledger.judge(name, ProbeKind.SEARCH, 30.0)
    ledger.end_search(Finished(False, "two probes in a row do not tell"))
    before = stored.read(tmp_path)
    # Neither the old judgement nor the old answer counts.
    stored.write(
        tmp_path,
        CapacityFindings(
            profile="smoke",
            sessions="redis",
            probes=tuple(probe(each.name, each.rate) for each in before.probes),
            search_failed=before.search_failed,
            seconds=before.seconds,
        ),
    )
    again = judged_again(tmp_path)
    assert again.probes == before.probes
    assert again.sustainable == before.sustainable
    assert again.seconds == before.seconds
    assert stored.read(tmp_path) == again


def test_missing_records_are_an_error_and_lose_no_answer(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, BEFORE)
    played(tmp_path, "probe-01")
    ledger.judge("probe-01", ProbeKind.SEARCH, 30.0)
    before = stored.read(tmp_path)
    (tmp_path / "probe-01" / "run.json").unlink()
    with pytest.raises(HistoryError, match="probe-01: not a run directory"):
        judged_again(tmp_path)
    assert stored.read(tmp_path) == before


@pytest.mark.parametrize("text", ["{", '{"profile": 3}', "[]"])
def test_a_file_that_is_no_capacity_run_s_is_refused_in_one_sentence(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "capacity.json").write_text(text)
    with pytest.raises(HistoryError, match="must be the findings of a capacity run"):
        stored.read(tmp_path)


def test_a_lower_rate_that_is_recovered_from_becomes_the_answer() -> None:
    before = sustainable()
    assert before.rate.value is not None
    lower = 0.9 * before.rate.value
    found = _downward(sustainable(after_kill=probe("kill-2", lower, kind=ProbeKind.KILL)))
    assert found.rate.value == pytest.approx(lower)
    assert found.rate.low == pytest.approx(lower)
    assert found.conversations.value == pytest.approx(0.9 * (before.conversations.value or 0))
    assert "did not recover from the kill" in found.rate.why


def test_an_overload_that_is_never_recovered_from_leaves_no_answer() -> None:
    worst = probe("overload-2", 20.0, Answer.FAIL, kind=ProbeKind.OVERLOAD)
    found = _downward(sustainable(after_overload=worst))
    assert found.rate.value is None
    assert not found.conclusive
    assert "at 20.0 turns/s" in found.why


def test_a_recovery_at_the_answer_changes_nothing() -> None:
    before = sustainable()
    assert _downward(before) == before


def test_the_start_of_a_replica_is_the_median_and_range_of_all_kills(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, BEFORE)
    for name, back in (("kill", 4.0), ("kill-2", 6.0)):
        run = Run()
        run.sound()
        seen = 20.0 + DOWNTIME_S + back
        run.fault("kill-replica", 20.0, seen, injected=20.0, recovered_at=seen)
        run.write(tmp_path / name)
        ledger.judge(name, ProbeKind.KILL, 30.0)
        if name == "kill":
            one = ledger.findings.replica_start_s
            assert one is not None
            assert one.value == pytest.approx(4.0)
            assert one.low is None
            assert one.high is None
    start = ledger.findings.replica_start_s
    assert start is not None
    assert (start.value, start.low, start.high) == pytest.approx((5.0, 4.0, 6.0))
    assert "2 restarts" in start.why
    assert judged_again(tmp_path).replica_start_s == start
