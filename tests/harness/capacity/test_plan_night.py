"""The night of a profile as numbers, beside the forecast and by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.capacity.plan_night import STEP_S, night_target, rate_target
from harness.errors import ConfigError
from loadtests.arrivals.forecast import forecast
from loadtests.profiles import profile as profiles
from loadtests.profiles.profile import Profile
from reports.capacity.target import Target

DIWALI = profiles.load("diwali")


def steady(minutes: float = 300, **changes: Any) -> Profile:
    """One conversation a second for so many minutes, after which nothing happens."""
    values = DIWALI.to_dict() | {
        "phase": [{"name": "evening", "minutes": minutes, "hold": 1}],
        "spike": [],
        "cliff": [],
    }
    profile = profiles.from_dict(values)
    return replace(profile, base_rate=1.0, **changes)


@pytest.fixture(scope="module")
def night() -> Target:
    """The night of `diwali`, ten million conversations."""
    return night_target(DIWALI, 1e7)


def value(figure: Any) -> float:
    """The value of a known figure."""
    assert figure.value is not None
    return float(figure.value)


def test_the_night_has_the_conversations_asked_for(night: Target) -> None:
    assert value(night.conversations) == pytest.approx(1e7)
    assert night.hours == pytest.approx(6.2)
    turns = sum(moment.turns_per_s for moment in night.night) * STEP_S
    # The last conversations go on after the load.
    assert 0.97 * 1e7 < turns / night.turns_per_conversation <= 1e7
    assert night.name == "diwali, 10,000,000 conversations"


def test_the_live_sessions_are_those_of_the_forecast_in_real_time() -> None:
    real = replace(DIWALI, compression=1.0)
    ahead = forecast(real)
    found = night_target(DIWALI)
    assert value(found.live_sessions) == pytest.approx(max(ahead.live), rel=0.01)
    assert found.ttl_s == 7200


def test_the_turns_follow_the_forecast_where_the_load_is_calm() -> None:
    real = replace(DIWALI, compression=1.0)
    ahead = forecast(real)
    found = night_target(DIWALI)
    for hour in (0.9, 2.5, 4.5):
        here = [each.turns_per_s for each in found.night if abs(each.hour - hour) < 0.02]
        expected = ahead.turns[int(hour * 3600 / ahead.step_s)]
        assert sum(here) / len(here) == pytest.approx(expected, rel=0.05)


def test_a_steady_night_needs_its_rate_and_little_more() -> None:
    found = night_target(steady())
    mean = found.turns_per_conversation
    assert found.night[-1].turns_per_s == pytest.approx(mean, rel=0.02)
    # 95 % of seeds stay below; a step of 5 s holds about 13 turns, so luck counts for much.
    assert mean < value(found.turns_per_s) < 3 * mean
    # Little's law: one conversation a second, each kept for its length and 2 hours.
    assert value(found.live_sessions) == pytest.approx(7200, rel=0.15)


def test_luck_matters_less_to_a_larger_night() -> None:
    shares = []
    for conversations in (1e4, 1e6, 1e8):
        found = night_target(steady(), conversations)
        highest = max(moment.turns_per_s for moment in found.night)
        shares.append(value(found.turns_per_s) / highest)
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == pytest.approx(1, abs=0.02)


def test_days_that_differ_raise_the_rate_to_plan_for() -> None:
    calm, busy = (value(night_target(steady(day_cv=cv), 1e8).turns_per_s) for cv in (0.0, 0.3))
    # The 95th percentile of a Gamma distribution with mean 1 and CV 0.3 is 1.55.
    assert busy / calm == pytest.approx(1.55, rel=0.06)


def test_the_interval_holds_the_rate(night: Target) -> None:
    figure = night.turns_per_s
    assert figure.low is not None
    assert figure.low < value(figure) == figure.high


def test_the_steepest_rise_is_the_one_after_the_reconnect_cliff(night: Target) -> None:
    assert night.opening is not None
    assert night.opening.at_hour == pytest.approx(5.6, abs=0.05)
    assert 20 * night.opening.before_turns_per_s < night.opening.top_turns_per_s
    assert 10 <= night.opening.seconds <= 200


def test_the_rise_of_an_opening_is_found() -> None:
    values = steady().to_dict()
    values["phase"] = [
        {"name": "before", "minutes": 60, "hold": 1},
        {"name": "opening", "minutes": 60, "hold": 10, "rise_seconds": 5},
    ]
    opening = night_target(profiles.from_dict(values), 1e7).opening
    assert opening is not None
    assert opening.at_hour == pytest.approx(1, abs=0.01)
    assert opening.top_turns_per_s == pytest.approx(10 * opening.before_turns_per_s, rel=0.1)


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), 1e11])
def test_a_number_of_conversations_that_makes_no_night_is_refused(wrong: float) -> None:
    with pytest.raises(ConfigError, match=r"--conversations .*: must be above 0"):
        night_target(DIWALI, wrong)


def test_a_rate_keeps_its_sessions_for_the_ttl() -> None:
    found = rate_target(840, DIWALI)
    assert value(found.turns_per_s) == 840
    conversations = 840 / found.turns_per_conversation
    # Each session lives 2 hours after its last turn; 5 % of the completed ones are deleted.
    assert value(found.live_sessions) == pytest.approx(conversations * 7200, rel=0.03)
    assert found.night == ()
    assert found.name == "840 turns/s"
