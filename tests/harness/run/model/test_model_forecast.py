"""What a load will ask of a model, calculated before anything has run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.run.model import model_forecast
from harness.run.model.model_forecast import ASSUMED
from loadtests.profiles import journeys, profile
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from reports.measures.model_quota.presets import Quota
from tests.reports.model_cost.a_log import MODEL, PRICES


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """Customers whose every message has 40 bytes."""
    path = tmp_path / "mine.toml"
    text = "x" * 40
    path.write_text(f'[journey.a.en]\nopenings = ["{text}"]\nfollow_ups = ["{text}"]\n')
    return journeys.load(path)


def of_turns(count: int, book: Book) -> Profile:
    """A profile whose every conversation has so many turns."""
    made = profile.load("smoke", book.journeys)
    talk = replace(
        made.conversation,
        mean_turns=50.0,
        max_turns=count,
        abandon_share=0.0,
        languages={"en": 1.0},
    )
    return replace(made, conversation=talk, journeys={"a": 1.0})


def test_one_turn_reads_its_message_and_what_the_agent_adds(book: Book) -> None:
    found = model_forecast.of_load(of_turns(1, book), book, PRICES)
    first = ASSUMED.instructions + 10
    second = first + ASSUMED.tool_call + ASSUMED.tool_result
    assert found.turns == 1
    assert found.calls == 2
    assert found.prompt_tokens == pytest.approx(first + second)
    assert found.output_tokens == pytest.approx(ASSUMED.tool_call + ASSUMED.reply)
    written = ASSUMED.tool_call + ASSUMED.reply
    assert found.money == pytest.approx((first + second + 10 * written) / 1e6)
    assert found.model == MODEL


def test_a_turn_reads_the_turns_before_it(book: Book) -> None:
    one, two, four = (model_forecast.of_load(of_turns(n, book), book, PRICES) for n in (1, 2, 4))
    assert two.prompt_tokens > 2 * one.prompt_tokens
    assert four.prompt_tokens > 2 * two.prompt_tokens


def test_the_night_has_the_whole_profile_in_real_time(book: Book) -> None:
    made = of_turns(2, book)
    whole = model_forecast.of_load(made, book, PRICES)
    half = model_forecast.of_load(made.scaled(0.5), book, PRICES, factor=0.5)
    assert whole.night_conversations == pytest.approx(made.curve().total * made.compression)
    assert half.night_conversations == pytest.approx(whole.night_conversations)
    assert half.conversations < whole.conversations


def test_a_model_of_the_list_has_its_own_price(book: Book) -> None:
    made = of_turns(1, book)
    cheap = model_forecast.of_load(made, book, PRICES)
    dear = model_forecast.of_load(made, book, PRICES, model="gpt-4o-mini")
    assert dear.model == "gpt-4o-mini"
    assert dear.money == pytest.approx(2 * cheap.money)
    assert model_forecast.of_load(made, book, PRICES, model="none").model == MODEL


def test_a_quota_is_exceeded_by_calls_or_by_tokens(book: Book) -> None:
    found = model_forecast.of_load(of_turns(2, book), book, PRICES)
    calls, read, written = found.busiest_calls, found.busiest_prompt, found.busiest_output
    assert calls > 0
    assert not found.exceeds(Quota("q", int(calls) + 1, None, "all"))
    assert found.exceeds(Quota("q", int(calls) - 1, None, "all"))
    enough = int(read) + 1
    assert not found.exceeds(Quota("q", 10**6, enough, "input"))
    assert found.exceeds(Quota("q", 10**6, enough, "all"))
    assert not found.exceeds(Quota("q", 10**6, enough + int(written) + 1, "all"))


def test_the_announcement_names_money_assumptions_and_limits() -> None:
    cost, limits = model_forecast.announcement(profile.load("diwali"), None, PRICES)
    assert "USD with gemini-2.5-flash (assumed: 2 calls a turn" in cost
    assert "a list, as of 2026-11-27" in cost
    assert "it exceeds gemini-2.5-flash-tier-2 (2,000 requests" in limits
    assert "public tiers as of" in limits
