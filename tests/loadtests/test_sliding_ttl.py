from __future__ import annotations

from dataclasses import replace

import pytest

from loadtests.arrivals import arrivals, conversation
from loadtests.arrivals.conversation import ConversationPlan, Ending
from loadtests.profiles import profile, sliding_ttl
from loadtests.profiles.profile import Profile
from reports.measures.continuity.session_model import CLOCK_S, Presence, SessionModel
from reports.records import Arrival, ConversationRecord, Fate, Outcome, TurnRecord

SLOW_TURN_S = 1.15
"""Two such turns and a pause may lie between two uses of the smallest TTL, the one of `smoke`."""


def _planned(loaded: Profile, seed: int) -> list[tuple[Arrival, ConversationPlan]]:
    return [
        (arrival, conversation.plan(loaded, arrival, "run"))
        for arrival in arrivals.plan(loaded, seed)
        if arrival.sliding
    ]


@pytest.mark.parametrize("name", ["diwali", "smoke"])
@pytest.mark.parametrize("scale", [1.0, 0.2, 0.01])
@pytest.mark.parametrize("seed", range(5))
def test_every_seed_and_scale_plans_sessions_that_outlive_the_ttl(
    name: str, scale: float, seed: int
) -> None:
    loaded = profile.load(name)
    loaded = replace(loaded, base_rate=loaded.base_rate * scale)
    ttl = loaded.real_ttl_seconds
    planned = _planned(loaded, seed)
    assert len(planned) == 8
    for arrival, plan in planned:
        *keeping, last = plan.think_seconds
        assert sum(keeping) >= 1.2 * ttl
        assert max(keeping) + 2 * SLOW_TURN_S < ttl
        assert 0.88 * ttl <= last <= 0.92 * ttl
        assert len(plan.messages) == len(plan.think_seconds) + 1
        assert plan.ending is Ending.COMPLETE
        # A run lasts no longer for them.
        assert arrival.due + sum(plan.think_seconds) < loaded.load_seconds


def test_the_other_conversations_are_the_same_without_them() -> None:
    diwali = profile.load("diwali")
    none = replace(diwali, conversation=replace(diwali.conversation, sliding_ttl_customers=0))
    drawn = [arrival.due for arrival in arrivals.plan(diwali, 3) if not arrival.sliding]
    assert drawn == [arrival.due for arrival in arrivals.plan(none, 3)]
    assert not any(arrival.sliding for arrival in arrivals.plan(none, 3))


def test_they_are_counted_as_all_arrivals_are() -> None:
    smoke = profile.load("smoke")
    planned = arrivals.plan(smoke, 3)
    assert arrivals.count(smoke, 3) == len(planned)
    assert [arrival.index for arrival in planned] == list(range(len(planned)))
    assert smoke.expected_conversations == pytest.approx(smoke.curve().total + 8)


def test_a_load_with_less_room_leaves_the_last_pause_out() -> None:
    plan = sliding_ttl.plan(8, load_s=95, ttl_s=60, most_turns=20)
    assert len(plan.dues) == 8
    assert plan.turns == 4


@pytest.mark.parametrize(
    ("customers", "load_s", "most_turns"), [(8, 60, 20), (8, 95, 3), (0, 95, 20)]
)
def test_a_load_too_short_or_with_too_few_turns_plans_none(
    customers: int, load_s: float, most_turns: int
) -> None:
    assert sliding_ttl.plan(customers, load_s, 60, most_turns).dues == ()


@pytest.mark.parametrize("name", ["diwali", "smoke"])
@pytest.mark.parametrize("turn_s", [0.01, 0.2, SLOW_TURN_S])
def test_a_ttl_that_is_never_renewed_takes_a_session_that_must_be_there(
    name: str, turn_s: float
) -> None:
    loaded = profile.load(name)
    ttl = loaded.real_ttl_seconds
    for _, plan in _planned(loaded, 1):
        record = ConversationRecord(
            conversation=0,
            journey="return",
            user="customer",
            session="chat",
            due=0.0,
            started=0.0,
            opened=0.0,
            ended=None,
            fate=Fate.OFFERED,
            turns_planned=len(plan.messages),
        )
        model = SessionModel(record, ttl, durable=True)
        sent, found = 0.0, []
        for number, pause in enumerate((*plan.think_seconds, 0.0)):
            done = sent + turn_s
            found.append((sent, model.presence(sent, done)))
            turn = TurnRecord(
                conversation=0,
                turn=number,
                turn_id=f"c0t{number}",
                journey="return",
                due=sent,
                sent=sent,
                first_token=None,
                done=done,
                outcome=Outcome.OK,
                attempts=1,
                replica="r01",
                message="",
                reply="",
                seen=None,
            )
            model.took(turn, durable=True)
            sent = done + pause
        # Every use but the last one, which comes close to the TTL, must find the session ...
        assert {presence for _, presence in found[:-1]} == {Presence.THERE}
        # ... and one of them comes when the session is older than the TTL.
        assert found[-2][0] > ttl + CLOCK_S
