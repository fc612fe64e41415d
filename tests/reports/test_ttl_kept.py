"""Whether sessions live as long as declared: how late customers came back and found theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.records import Finding, Status
from tests.reports.a_run import TTL, Run
from tests.reports.gated import judge


def coming_back(*shares: float, sliding: int = 8, load: float = 90.0) -> Run:
    """Customers who come back after these shares of the TTL."""
    run = Run(sliding=sliding, load_end=load)
    for share in shares:
        talk = run.conversation(start=6.0).turn()
        talk.turn(at=talk.ended + share * TTL).audit()
    return run


def found(run: Run, tmp_path: Path) -> Finding:
    return judge(run, tmp_path, "memory.ttl_kept")


def test_customers_who_find_their_session_shortly_before_its_end_prove_the_ttl(
    tmp_path: Path,
) -> None:
    assert found(coming_back(0.7, 0.75, 0.9), tmp_path).status is Status.PASS


@pytest.mark.parametrize("latest", [0.5, 0.6, 0.75])
def test_a_ttl_without_late_turns_is_not_known(tmp_path: Path, latest: float) -> None:
    finding = found(coming_back(*[latest] * 20), tmp_path)
    assert finding.status is Status.UNKNOWN
    assert not finding.out_of_sight


def test_one_late_customer_alone_is_too_few(tmp_path: Path) -> None:
    assert found(coming_back(0.9, 0.1, 0.1), tmp_path).status is Status.UNKNOWN


def test_a_session_that_was_opened_again_was_not_found(tmp_path: Path) -> None:
    run = coming_back(0.7, 0.7)
    talk = run.conversation(start=6.0).turn()
    back = talk.ended + 0.9 * TTL
    talk.turn(at=back, reopened=back + 0.05).audit()
    assert found(run, tmp_path).status is Status.UNKNOWN


def test_a_profile_without_late_customers_is_reported_and_not_counted(
    tmp_path: Path,
) -> None:
    finding = found(coming_back(0.5, sliding=0), tmp_path)
    assert (finding.status, finding.out_of_sight) == (Status.UNKNOWN, True)
    assert "the profile plans no such customers" in finding.summary


def test_a_load_that_has_no_room_for_such_customers_is_not_held_to_it(tmp_path: Path) -> None:
    finding = found(coming_back(0.5, load=60.0), tmp_path)
    assert (finding.status, finding.out_of_sight) == (Status.UNKNOWN, True)
    assert "the load is too short" in finding.summary


def test_a_load_that_went_on_for_a_fault_has_no_more_such_customers_than_planned(
    tmp_path: Path,
) -> None:
    # 60 s were planned, at a compression of 240, and 90 s were played.
    run = coming_back(0.5, load=90.0)
    run.phases = [{"name": "steady", "minutes": 240.0}]
    finding = found(run, tmp_path)
    assert (finding.status, finding.out_of_sight) == (Status.UNKNOWN, True)
    run.phases = [{"name": "steady", "minutes": 360.0}]
    (tmp_path / "longer").mkdir()
    assert not found(run, tmp_path / "longer").out_of_sight
