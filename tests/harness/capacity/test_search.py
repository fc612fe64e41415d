"""The search: which probe is next, and when it ends.

The short tests judge a probe by a formula; the last ones play whole searches on simulated services.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from harness.capacity.search import Finished, Next, Rules, next_probe, next_step
from reports.capacity.evidence import bounds
from reports.capacity.findings import Answer, Probe, ProbeKind
from reports.capacity.limiting import REPLICA
from tests.validate.capacity.search import overclaims, planted, search
from tests.validate.capacity.service import Service

Judge = Callable[[Next], Probe]


def judged(step: Next, limit: float, offered: float | None = None) -> Probe:
    """A probe of a service with a sharp limit, whose processor is measured."""
    rate = step.rate if offered is None else offered
    holds = rate < limit
    return Probe(
        name=f"probe-{step.seed}",
        kind=step.kind,
        rate=step.rate,
        seconds=step.seconds,
        seed=step.seed,
        answer=Answer.PASS if holds else Answer.FAIL,
        reasons=() if holds else ("too much",),
        limited_by=None if holds else REPLICA,
        offered=rate,
        cpu_share=0.95 * rate / limit,
    )


def unknown(step: Next) -> Probe:
    return Probe(
        name="probe",
        kind=step.kind,
        rate=step.rate,
        seconds=step.seconds,
        seed=step.seed,
        answer=Answer.UNKNOWN,
        reasons=("the generator was late",),
        offered=step.rate,
    )


def whole(knee: float, judge: Judge, rules: Rules | None = None) -> tuple[Finished, list[Probe]]:
    probes: list[Probe] = []
    while isinstance(step := next_probe(knee, probes, 7, rules), Next):
        probes.append(judge(step))
    return step, probes


def test_a_right_prediction_is_confirmed_in_four_probes() -> None:
    end, probes = whole(40.0, lambda step: judged(step, 38.0))
    assert end == Finished(True, "")
    assert len(probes) == 4
    found = bounds(probes)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 38.0 <= found.high
    assert found.width is not None
    assert found.width <= 0.06


@pytest.mark.parametrize("knee", [10.0, 25.0, 60.0, 160.0])
def test_a_wrong_prediction_is_corrected_by_the_measured_work(knee: float) -> None:
    end, probes = whole(knee, lambda step: judged(step, 38.0))
    assert end.conclusive
    found = bounds(probes)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 38.0 <= found.high
    assert len(probes) <= 8


def test_every_probe_has_a_seed_of_its_own() -> None:
    _, probes = whole(30.0, lambda step: judged(step, 38.0))
    assert len({probe.seed for probe in probes}) == len(probes)


def test_an_unknown_probe_is_repeated_once_with_a_new_seed() -> None:
    first = next_probe(40.0, [], 7)
    assert isinstance(first, Next)
    second = next_probe(40.0, [unknown(first)], 7)
    assert isinstance(second, Next)
    assert second.rate == first.rate
    assert second.seed != first.seed
    end = next_probe(40.0, [unknown(first), unknown(second)], 7)
    assert isinstance(end, Finished)
    assert not end.conclusive
    assert "the generator was late" in end.why


def test_a_search_ends_with_its_probes_or_its_seconds() -> None:
    draw = random.Random(5)

    def by_chance(step: Next) -> Probe:
        return judged(step, draw.uniform(10, 60))

    for _ in range(20):
        _, probes = whole(40.0, by_chance)
        assert len(probes) <= 8
        assert sum(probe.seconds + Rules().overhead_s for probe in probes) <= 600
    rules = Rules(most_seconds=200)
    end, probes = whole(40.0, by_chance, rules)
    assert len(probes) <= 2
    assert "budget" in end.why


def test_a_search_without_a_pass_has_no_answer() -> None:
    end, probes = whole(40.0, lambda step: replace(judged(step, 0.1), cpu_share=None))
    assert not end.conclusive
    assert bounds(probes).low is None


def test_a_knee_that_is_not_above_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="knee must be above 0, got 0"):
        next_probe(0.0, [], 1)


def steps(limit: float, ceiling: float = 100.0) -> tuple[Finished, list[Probe]]:
    probes: list[Probe] = []
    while isinstance(step := next_step(10.0, ceiling, probes, 7), Next):
        probes.append(judged(step, limit))
    return step, probes


def test_steps_rise_to_the_ceiling_and_stop() -> None:
    end, probes = steps(limit=1000.0)
    rates = [probe.rate for probe in probes]
    assert rates == sorted(rates)
    assert rates[0] == 10.0
    assert rates[-1] == 100.0
    assert end.conclusive
    assert "ceiling" in end.why


def test_steps_stop_at_the_first_sign_and_show_the_recovery() -> None:
    end, probes = steps(limit=20.0)
    assert [probe.answer for probe in probes[:-2]] == [Answer.PASS] * (len(probes) - 2)
    sign, after = probes[-2:]
    assert sign.answer is Answer.FAIL
    assert after.rate == probes[-3].rate
    assert end.conclusive
    assert "recovered" in end.why


def test_steps_tell_that_a_target_did_not_recover() -> None:
    probes: list[Probe] = []
    while isinstance(step := next_step(10.0, 100.0, probes, 7), Next):
        broken = any(probe.answer is Answer.FAIL for probe in probes)
        probes.append(judged(step, 0.1 if broken else 15.0))
    assert not step.conclusive
    assert "did not recover" in step.why
    assert all(probe.kind is ProbeKind.STEP for probe in probes)


@pytest.mark.parametrize(
    ("start", "ceiling", "factor"), [(0.0, 10.0, 1.2), (20.0, 10.0, 1.2), (1.0, 10.0, 1.0)]
)
def test_steps_that_cannot_rise_are_refused(start: float, ceiling: float, factor: float) -> None:
    with pytest.raises(ValueError, match="must be above"):
        next_step(start, ceiling, [], 7, factor=factor)


@pytest.mark.slow
def test_the_limit_of_a_simulated_processor_is_found_and_named() -> None:
    outcome = search(Service(), seed=1)
    assert outcome.end.conclusive
    assert outcome.answer.rate.value == pytest.approx(38.0, rel=0.03)
    assert outcome.answer.limited_by == REPLICA
    assert not overclaims(outcome, 38.0)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(4), ids=[each.name for each in planted()])
def test_a_planted_limit_is_found_within_3_percent_on_five_seeds(number: int) -> None:
    each = planted()[number]
    for seed in range(1, 6):
        outcome = search(each.service, seed)
        assert outcome.answer.rate.value == pytest.approx(each.limit, rel=0.03), seed
        assert outcome.answer.limited_by == each.limited_by
        assert len(outcome.probes) <= 8
        assert outcome.seconds <= 600


def test_a_starved_generator_ends_the_search_without_an_answer() -> None:
    outcome = search(Service(), seed=3, starved=True)
    assert not outcome.end.conclusive
    assert not outcome.answer.conclusive
    assert outcome.answer.rate.value is None
    assert [probe.answer for probe in outcome.probes] == [Answer.UNKNOWN] * 2
