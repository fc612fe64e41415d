from __future__ import annotations

import re
from collections import Counter
from statistics import fmean, median

import pytest

from loadtests.arrivals import arrivals, conversation
from loadtests.arrivals.conversation import ConversationPlan, Ending
from loadtests.profiles import profile
from loadtests.profiles.journeys import shopmax
from loadtests.profiles.model import LANGUAGES
from reports.records import Arrival

DIWALI = profile.load("diwali")
RUN = "0123456789ab"


def _plans() -> list[ConversationPlan]:
    return [
        conversation.plan(DIWALI, arrival, RUN)
        for seed in (1, 2, 3)
        for arrival in arrivals.plan(DIWALI, seed)
    ]


PLANS = _plans()


def test_the_same_arrival_gives_the_same_conversation() -> None:
    arrival = Arrival(5, 1.0, "return", 99)
    first = conversation.plan(DIWALI, arrival, RUN)
    assert first == conversation.plan(profile.load("diwali"), arrival, RUN)
    assert first != conversation.plan(DIWALI, Arrival(5, 1.0, "return", 100), RUN)


def test_users_and_sessions_are_unique_in_a_run_and_over_runs() -> None:
    planned = arrivals.plan(DIWALI, 1)
    for field in ("user", "session"):
        names = {
            getattr(conversation.plan(DIWALI, arrival, run), field)
            for run in (RUN, "ffffffffffff")
            for arrival in planned
        }
        assert len(names) == 2 * len(planned)


def test_conversations_have_as_many_turns_as_the_profile_expects() -> None:
    turns = fmean(len(plan.messages) for plan in PLANS)
    assert turns == pytest.approx(DIWALI.expected_turns / DIWALI.curve().total, rel=0.05)
    assert max(len(plan.messages) for plan in PLANS) <= DIWALI.conversation.max_turns


def test_the_shares_are_those_of_the_profile() -> None:
    completed = [plan for plan in PLANS if plan.ending is not Ending.ABANDONED]
    deleted = [plan for plan in completed if plan.ending is Ending.DELETED]
    assert len(deleted) / len(completed) == pytest.approx(0.05, abs=0.02)
    assert fmean(plan.streaming for plan in PLANS) == pytest.approx(0.25, abs=0.03)
    # After each turn: gone with 0.2, else satisfied with 0.25; the rest goes on.
    assert 1 - len(completed) / len(PLANS) == pytest.approx(0.2 / (0.2 + 0.8 * 0.25), abs=0.03)


def test_think_times_are_compressed_sale_seconds() -> None:
    times = [seconds for plan in PLANS for seconds in plan.think_seconds]
    assert median(times) == pytest.approx(20 / 240, rel=0.05)
    assert all(len(plan.think_seconds) == len(plan.messages) - 1 for plan in PLANS)


ORDERS = set(shopmax().slots["order"])


@pytest.mark.parametrize("journey", [j for j in shopmax().journeys if j != "product_question"])
def test_the_first_message_names_an_order_that_exists_and_the_others_do_not(journey: str) -> None:
    played = [plan for plan in PLANS if plan.journey == journey]
    assert {plan.language for plan in played} == set(LANGUAGES)
    for plan in played:
        opening, *others = plan.messages
        named = re.search(r"ORD-\d+", opening)
        assert named is not None
        assert named[0] in ORDERS
        assert not any("ORD-" in message or "{" in message for message in others)


def test_customers_write_in_the_languages_of_the_profile_by_their_shares() -> None:
    spoken = Counter(plan.language for plan in PLANS)
    for language, share in LANGUAGES.items():
        assert spoken[language] / len(PLANS) == pytest.approx(share, abs=0.03)
