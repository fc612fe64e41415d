"""The whole sheet: its lines, its verdict, its schema, and what it must never do."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reports.capacity import answer, prices
from reports.capacity.answer import AnswerSheet, Verdict
from reports.capacity.findings import Answer, CapacityFindings, ProbeKind
from reports.capacity.fleet import Simulation
from reports.capacity.sheet import build
from reports.capacity.target import Assumptions, Target, Today
from reports.figures.figure import Label, unknown
from reports.model_cost.model_use import ModelUse
from tests.reports.capacity.a_capacity_run import (
    TODAY,
    demand,
    findings,
    measured,
    night,
    nothing,
    probe,
    redis_size,
    sustainable,
    target,
)
from tests.reports.model_cost.a_log import MODEL
from tests.reports.model_cost.a_log import PRICES as LISTED

PRICES = prices.read()


def sheet(
    found: CapacityFindings, asked: Target, today: Today = TODAY, **options: Any
) -> AnswerSheet:
    """The sheet with the shipped prices."""
    return build(found, asked, today, PRICES, run="runs/capacity", **options)


def value(made: AnswerSheet, key: str) -> float | None:
    """The value of one line."""
    return made.lines[key].figure.value


def test_the_lines_of_a_rate_are_those_calculated_by_hand() -> None:
    made = sheet(findings(), target(300))
    expected = {
        "sustainable.turns": 30.5,
        "sustainable.broken": 31,
        "sustainable.kill": 6.5,
        "fleet.bare": 10,
        "fleet.n_plus_1": 11,
        "fleet.zone_lost": 15,
        # One away and a zone lost: 11 must be left, ⌈11 · 3 / 2⌉.
        "fleet.rollout": 17,
        "redis.cpu": 0.105,
        "redis.shards": 1,
        # 12 × 30 / 300 − 1, and 8 × 30 / 300 − 1.
        "headroom.today": 0.2,
        "headroom.zone_lost": -0.2,
        # The CPU of a turn is 30.6 ms at most, of which 6.6 ms for history: 30 / 1.108 = 27.1, so
        # 12 bare, and 18 with a zone lost.
        "what_if.history": 18,
        "what_if.model": 15,
    }
    assert {key: value(made, key) for key in expected} == pytest.approx(expected)
    assert made.lines["fleet.zone_lost"].recommended


def keeps(replicas: int, rate: float) -> bool:
    """A simulator in which each replica carries 30 turns a second."""
    return rate <= 30 * replicas


def test_only_the_lines_that_rest_on_an_assumption_are_labelled_so() -> None:
    lines = sheet(findings(), target(300)).lines
    labels = {key: lines[key].figure.label for key in lines}
    assert labels["fleet.target"] is Label.ASSUMED
    assert labels["fleet.bare"] is Label.ASSUMED
    assert labels["redis.total"] is Label.FITTED
    assert labels["redis.cpu"] is Label.FITTED
    assert labels["cost.million"] is Label.ASSUMED
    simulated = sheet(findings(), target(300), simulation=Simulation(keeps, 12))
    assert simulated.lines["fleet.zone_lost"].figure.label is Label.SIMULATED


def test_the_verdict_is_about_today_s_replicas() -> None:
    assert sheet(findings(), target(300), Today(replicas=15)).verdict is Verdict.GO
    short = sheet(findings(), target(300), Today(replicas=14))
    assert short.verdict is Verdict.NO_GO
    assert short.headline == "NO-GO for 300 turns/s with 14 replicas; 15 replicas are needed"
    assert short.reasons == ("14 replicas do not carry it if a zone is lost: 15 are needed.",)
    broken = sheet(findings(), target(300), Today(replicas=9))
    assert "even with all of them there" in broken.reasons[0]


def only_passes(**changes: Any) -> CapacityFindings:
    """30 turns a second passed, and nothing failed: the limit may be any higher."""
    return findings(sustainable=sustainable(rate=measured(30, "turns/s", low=30), **changes))


def test_where_no_probe_failed_too_few_replicas_may_be_enough() -> None:
    made = sheet(only_passes(), target(300), Today(replicas=14))
    assert made.verdict is Verdict.INCONCLUSIVE
    assert made.headline.endswith("with 14 replicas; 15 replicas are enough")
    assert made.reasons == (
        "Whether 14 replicas carry it is not known: no probe failed, so 15 are enough, and fewer "
        "may be.",
    )
    assert sheet(only_passes(), target(300), Today(replicas=15)).verdict is Verdict.GO


def test_where_no_probe_failed_the_lines_are_open_at_one_end() -> None:
    lines = sheet(only_passes(), target(300), Today(replicas=12)).lines

    def ends(key: str) -> tuple[float | None, float | None]:
        return lines[key].figure.low, lines[key].figure.high

    assert ends("fleet.bare") == (None, 10)
    assert ends("fleet.zone_lost") == (None, 15)
    today, most = ends("headroom.today")
    assert today == pytest.approx(0.2)
    assert most is None
    low, high = ends("cost.replicas")
    assert low is None
    assert high == lines["cost.replicas"].figure.value


def test_a_recovery_that_the_probe_does_not_tell_is_not_measured() -> None:
    unsound = probe(
        "overload",
        30,
        Answer.UNKNOWN,
        kind=ProbeKind.OVERLOAD,
        recovered_s=0.0,
        reasons=("the other cores were 91 % busy, limit 70 %",),
    )
    made = sheet(findings(sustainable=sustainable(after_overload=unsound)), target())
    figure = made.lines["sustainable.overload"].figure
    assert (figure.value, figure.why) == (None, "the other cores were 91 % busy, limit 70 %")


def test_the_cpu_of_a_turn_near_the_limit_is_that_of_the_sound_probes() -> None:
    probes = (
        probe("a", 20, offered=20, cpu_share=0.5),
        probe("b", 30, offered=30, cpu_share=0.9),
        probe("c", 31, Answer.FAIL, offered=31, cpu_share=0.9610),
        probe("d", 40, Answer.UNKNOWN, offered=40, cpu_share=0.4),
    )
    figure = sheet(findings(probes=probes), target()).lines["sustainable.cpu_near"].figure
    assert (figure.low, figure.value, figure.high) == pytest.approx((0.025, 0.030, 0.031))


def test_a_target_far_above_all_of_today_s_replicas_is_no_go_although_the_need_is_unknown() -> None:
    # 12 × 31 are 372 turns/s; 400 need 14 bare, more than 12 times the one replica measured.
    made = sheet(findings(), target(400))
    assert made.lines["fleet.bare"].figure.label is Label.UNKNOWN
    assert made.verdict is Verdict.NO_GO
    assert made.reasons[0].endswith("at which one failed, 372 turns/s.")
    near = sheet(findings(), target(370), Today(replicas=12, shards=2))
    assert near.verdict is Verdict.INCONCLUSIVE


def test_too_few_shards_are_no_go() -> None:
    made = sheet(findings(), target(303), Today(replicas=99, shards=1))
    assert made.verdict is Verdict.NO_GO
    assert made.headline.endswith("with 99 replicas, which are enough")
    assert made.reasons[0].startswith("Redis needs 2 shards")
    assert sheet(findings(), target(303), Today(replicas=99, shards=2)).verdict is Verdict.GO


def test_a_service_that_does_not_recover_is_no_go() -> None:
    stuck = probe(
        "overload", 30, Answer.FAIL, kind=ProbeKind.OVERLOAD, reasons=("still late after 60 s",)
    )
    made = sheet(
        findings(sustainable=sustainable(after_overload=stuck)), target(), Today(replicas=99)
    )
    assert made.verdict is Verdict.NO_GO
    assert made.reasons == ("It does not recover after an overload: still late after 60 s.",)
    line = made.lines["sustainable.overload"]
    assert (line.figure.label, line.figure.why) == (
        Label.UNKNOWN,
        "it does not recover: still late after 60 s",
    )


def test_an_unknown_recovery_is_inconclusive() -> None:
    unseen = probe("kill", 30, Answer.UNKNOWN, kind=ProbeKind.KILL, reasons=("no kill was seen",))
    made = sheet(findings(sustainable=sustainable(after_kill=unseen)), target(), Today(replicas=99))
    assert made.verdict is Verdict.INCONCLUSIVE


def test_nothing_measured_is_inconclusive_and_every_line_unknown() -> None:
    made = sheet(nothing(), night(), Today(replicas=99))
    assert made.verdict is Verdict.INCONCLUSIVE
    given_ = {"fleet.target", "redis.live_sessions", "autoscale.rise"}
    known = {key for key, line in made.lines.items() if line.figure.value is not None}
    assert known == given_


def test_sessions_in_memory_need_no_redis() -> None:
    made = sheet(findings(sessions="memory"), target(300), Today(replicas=15))
    assert made.verdict is Verdict.GO
    assert made.lines["redis.shards"].figure.label is Label.UNKNOWN
    assert "not in Redis" in made.lines["redis.shards"].figure.why


def test_one_zone_recommends_one_more() -> None:
    made = sheet(findings(), target(300), assumptions=Assumptions(zones=1))
    assert made.lines["fleet.n_plus_1"].recommended
    assert made.lines["fleet.zone_lost"].figure.label is Label.UNKNOWN


def test_questions_that_were_not_examined_are_listed() -> None:
    missing = sheet(nothing(), target()).trust.not_shown
    assert "the kill of a replica at this load" in missing
    assert "Redis at its size" in missing
    shown = sheet(findings(), target()).trust.not_shown
    assert "the kill of a replica at this load" not in shown
    assert "Redis above 300,000 sessions" in shown


@st.composite
def runs(draw: st.DrawFn) -> CapacityFindings:
    """Findings of which any part may be missing."""
    found = findings()
    for name in ("demand", "sustainable", "redis_size", "replica_start_s"):
        if draw(st.booleans()):
            found = replace(found, **{name: None})
    if draw(st.booleans()):
        found = replace(found, probes=())
    if found.redis_size is not None and draw(st.booleans()):
        shards = unknown("turns/s", "play a prefill")
        found = replace(found, redis_size=redis_size(shard_turns_per_s=shards))
    if found.sustainable is not None and draw(st.booleans()):
        rate = unknown("turns/s", "the generator was too slow")
        found = replace(found, sustainable=sustainable(rate=rate))
    return found


TARGETS = st.one_of(st.floats(1, 1e5).map(target), st.just(night()))


@settings(max_examples=40, deadline=None)
@given(runs(), TARGETS)
def test_every_line_has_a_label_and_unknown_means_without_a_value(
    found: CapacityFindings, asked: Target
) -> None:
    made = sheet(found, asked)
    for key, line in made.lines.items():
        figure = line.figure
        assert (figure.value is None) == (figure.label is Label.UNKNOWN), key
        if figure.value is None:
            assert figure.why, key
            assert figure.low is None, key
        if figure.low is not None and figure.high is not None and figure.value is not None:
            assert figure.low <= figure.value * (1 + 1e-9) + 1e-9, key
            assert figure.value <= figure.high * (1 + 1e-9) + 1e-9, key
    if value(made, "fleet.zone_lost") is None:
        assert made.verdict is not Verdict.GO


@settings(max_examples=40, deadline=None)
@given(runs(), TARGETS)
def test_the_sheet_keeps_to_its_schema_and_is_read_back(
    found: CapacityFindings, asked: Target
) -> None:
    made = sheet(found, asked)
    text = answer.to_json(made)
    jsonschema.validate(json.loads(text), json.loads(answer.SCHEMA_FILE.read_text()))
    assert msgspec.json.decode(text, type=AnswerSheet) == made


@settings(max_examples=40, deadline=None)
@given(st.floats(1, 400), st.floats(1, 400))
def test_more_load_costs_no_less_an_hour(a: float, b: float) -> None:
    low, high = (sheet(findings(), target(rate)) for rate in sorted((a, b)))
    cheap, dear = value(low, "cost.hour"), value(high, "cost.hour")
    if dear is not None:
        assert cheap is not None
        assert cheap <= dear


def test_the_published_schema_is_that_of_the_types() -> None:
    # After a change: python -c "from reports.capacity import answer as a;
    # a.SCHEMA_FILE.write_text(a.schema())"
    assert answer.SCHEMA_FILE.read_text(encoding="utf-8") == answer.schema()


def test_a_wider_interval_of_the_measurement_widens_the_answer() -> None:
    narrow = sheet(findings(), target(300)).lines["fleet.bare"].figure
    one = sustainable(rate=measured(30.5, "turns/s", 25, 36))
    wide = sheet(findings(sustainable=one), target(300)).lines["fleet.bare"].figure
    assert (narrow.low, narrow.high) == (10, 10)
    assert (wide.low, wide.value, wide.high) == (9, 12, 12)


def test_the_model_s_cost_is_a_line_where_a_stand_in_counted_its_tokens() -> None:
    use = ModelUse(
        model=MODEL,
        calls=measured(2, "calls"),
        prompt_tokens=measured(3000, "tokens"),
        output_tokens=measured(100, "tokens"),
    )
    found = findings(demand=demand(model_use=(use,)))
    made = sheet(found, target(300), model_prices=LISTED)
    line = made.lines["cost.model"]
    assert line.figure.value == pytest.approx(2.5 * 4000)
    assert line.figure.label is Label.ASSUMED
    assert "counted by the stand-in" in line.note
    assert made.prices.endswith("tokens: a list, as of 2026-11-27, USD")
    without = sheet(findings(), target(300))
    assert without.lines["cost.model"].figure.label is Label.UNKNOWN
    assert "tokens: " not in without.prices
