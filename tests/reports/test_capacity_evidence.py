"""The evidence of several probes, and the sustainable load that follows from it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from reports.capacity.evidence import bounds, expected_limit
from reports.capacity.findings import Answer, Probe, ProbeKind
from reports.capacity.limiting import LOCK, REPLICA
from reports.capacity.missed import limit_by_missed
from reports.capacity.sustainable import sustainable
from reports.figures.figure import Label


def probe(
    offered: float,
    answer: Answer,
    seconds: float = 60.0,
    carried: float | None = None,
    cpu_share: float | None = None,
) -> Probe:
    failed = answer is Answer.FAIL
    return Probe(
        name="probe",
        kind=ProbeKind.SEARCH,
        rate=offered,
        seconds=seconds,
        seed=1,
        answer=answer,
        reasons=() if answer is Answer.PASS else ("why",),
        limited_by=(LOCK if carried else REPLICA) if failed else None,
        offered=offered,
        carried=carried,
        cpu_share=cpu_share,
    )


def good(offered: float, **values: float) -> Probe:
    return probe(offered, Answer.PASS, **values)


def bad(offered: float, **values: float) -> Probe:
    return probe(offered, Answer.FAIL, **values)


def test_the_interval_lies_between_the_last_pass_and_the_first_fail() -> None:
    found = bounds([good(30), good(36), bad(40), bad(45)])
    assert (found.low, found.high) == (36, 40)
    assert (found.low_support, found.high_support) == (1, 1)
    assert found.width == pytest.approx(4 / 38)


def test_a_fail_at_a_lower_rate_beats_a_pass_at_a_higher_one() -> None:
    found = bounds([good(30), bad(34), good(38), good(39), good(40)])
    assert (found.low, found.high) == (30, 34)


def test_probes_of_one_rate_vote_by_their_seconds() -> None:
    assert bounds([bad(36.0), good(36.3)]).high == 36.0  # a tie fails
    assert bounds([bad(36.0), good(36.3), good(36.5)]).high is None
    assert bounds([bad(36.0, seconds=120.0), good(36.3), good(36.4)]).high == 36.0


def test_a_pass_at_a_lower_rate_has_no_vote_on_a_higher_one() -> None:
    found = bounds([bad(36.0), good(35.8), good(35.9)])
    assert (found.low, found.high) == (35.9, 36.0)


def test_a_pass_above_what_others_carried_counts_as_failed() -> None:
    probes = [good(36.0), good(39.0), bad(46.0, carried=40.0)]
    found = bounds(probes)
    assert (found.low, found.high) == (36.0, 39.0)
    assert expected_limit(probes) == pytest.approx(38.0)


def test_unknown_probes_and_other_kinds_are_left_out() -> None:
    found = bounds([probe(35.0, Answer.UNKNOWN), good(30)])
    assert (found.low, found.high) == (30, None)


def test_the_answer_is_the_measured_work_within_the_interval() -> None:
    probes = [good(37.0, cpu_share=0.925), bad(39.0, cpu_share=0.975)]
    answer = sustainable(None, probes)
    assert answer.rate.value == pytest.approx(38.0)
    assert (answer.rate.low, answer.rate.high) == (37.0, 39.0)
    assert answer.rate.label is Label.MEASURED
    assert answer.limited_by == REPLICA
    assert answer.conclusive
    assert answer.run_cv == pytest.approx(0.0, abs=1e-9)


def test_where_latency_is_the_limit_the_answer_is_the_middle() -> None:
    answer = sustainable(None, [good(20.0, cpu_share=0.4), bad(22.0, cpu_share=0.44)])
    assert answer.rate.value == pytest.approx(21.0)
    assert "±5 %" in answer.why


def test_the_rate_is_unknown_when_no_probe_passed() -> None:
    answer = sustainable(None, [bad(30.0)], "no probe passed within the budget of the search")
    assert answer.rate.value is None
    assert answer.rate.label is Label.UNKNOWN
    assert not answer.conclusive
    assert "budget" in answer.rate.why


def test_without_a_fail_the_limit_is_above() -> None:
    answer = sustainable(None, [good(30.0)])
    assert answer.rate.value == 30.0
    assert answer.rate.high is None
    assert "none failed" in answer.rate.why


def with_missed(offered: float, share: float) -> Probe:
    answer = Answer.FAIL if share > 0.01 else Answer.PASS
    return replace(probe(offered, answer), missed_share=share, limited_by=None)


def test_the_share_of_missed_turns_over_all_probes_tells_the_limit_by_latency() -> None:
    # The share doubles with each turn a second, and is 1 % at 58.
    probes = [with_missed(rate, 0.01 * 2 ** (rate - 58)) for rate in (56.0, 57.0, 59.0, 60.0)]
    assert limit_by_missed(probes) == pytest.approx(58.0)
    lucky = with_missed(59.5, 0.005)
    found = bounds([*probes, lucky])
    assert (found.low, found.high) == (57.0, 59.0)


def test_probes_on_one_side_do_not_tell_the_limit_by_latency() -> None:
    assert limit_by_missed([with_missed(rate, 0.002) for rate in (56.0, 57.0, 58.0)]) is None
    assert limit_by_missed([with_missed(57.0, 0.005), with_missed(59.0, 0.02)]) is None
    falling = [with_missed(57.0, 0.05), with_missed(58.0, 0.02), with_missed(59.0, 0.005)]
    assert limit_by_missed(falling) is None
