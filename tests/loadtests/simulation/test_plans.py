"""The plans are those of a real load: arrivals, conversations, and the model's draws."""

from __future__ import annotations

import random
from typing import Any

import pytest
from google.genai import types

from loadtests.arrivals import arrivals, conversation
from loadtests.customers.backoff import Jitter
from loadtests.customers.retry import RetryState
from loadtests.profiles import profile as profiles
from loadtests.simulation import plans
from loadtests.simulation.calibration import DEFAULT
from loadtests.simulation.plans import TOOL, PlannedTalk
from target_service.agents.shopmax import tools
from target_service.model import latency, witness
from target_service.model.dialogue import Call, Say, decide

PROFILE = profiles.load("smoke").scaled(3)


@pytest.fixture(scope="module")
def talks() -> list[PlannedTalk]:
    return list(plans.exact(PROFILE, 5, DEFAULT))


def test_the_conversations_are_those_of_a_real_load(talks: list[PlannedTalk]) -> None:
    arrived = arrivals.plan(PROFILE, 5)
    assert [talk.due for talk in talks] == [arrival.due for arrival in arrived]
    for talk, arrival in zip(talks, arrived, strict=True):
        plan = conversation.plan(PROFILE, arrival, plans.RUN_ID)
        assert talk.plan == plan
        assert [turn.think_s for turn in talk.turns] == [0.0, *plan.think_seconds]


class ToolContext:
    """As much of ADK's context of a tool as ShopMax's tools use."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}


def text(role: str, words: str) -> types.Content:
    return types.Content(role=role, parts=[types.Part(text=words)])


def test_the_model_takes_as_long_as_in_the_service(talks: list[PlannedTalk]) -> None:
    calls = 0
    for talk in talks:
        contents: list[types.Content] = []
        context = ToolContext()
        assert talk.plan is not None
        for message, turn in zip(talk.plan.messages, talk.turns, strict=True):
            contents.append(text("user", message))
            shown = list(talk.plan.messages[: talk.turns.index(turn) + 1])
            step = decide(contents)
            assert isinstance(step, Call) == (turn.kind % 2 == TOOL)
            drawn = []
            if isinstance(step, Call):
                drawn.append(first_token(shown, contents))
                answer = getattr(tools, step.tool)(**step.arguments, tool_context=context)
                call = types.Part.from_function_call(name=step.tool, args=step.arguments)
                result = types.Part.from_function_response(name=step.tool, response=answer)
                contents.append(types.Content(role="model", parts=[call]))
                contents.append(types.Content(role="user", parts=[result]))
                step = decide(contents)
            assert isinstance(step, Say)
            drawn.append(first_token(shown, contents))
            contents.append(text("model", step.text))
            assert turn.model_s[:-1] == tuple(drawn[:-1])
            assert turn.first_token_s == drawn[-1]
            calls += len(drawn)
    assert calls > 300


def first_token(messages: list[str], contents: list[types.Content]) -> float:
    """As `target_service.model.scripted` draws it."""
    seen = witness.testimony(messages)
    return latency.first_token_s(str(seen[1]), len(contents), DEFAULT.model_first_token_s)


def test_the_retries_of_a_customer_have_the_real_jitter() -> None:
    simulated, real = Jitter(42), RetryState(42)
    assert [simulated.seconds(1.0) for _ in range(9)] == [real.seconds(1.0) for _ in range(9)]


def test_a_large_load_draws_the_mix_of_the_profile(talks: list[PlannedTalk]) -> None:
    library = plans.library(PROFILE, 1, DEFAULT, size=2000)
    drawn = list(plans.drawn(plans.steady_dues(50.0, 100.0, 1), library, 1))
    turns = sum(len(talk.turns) for talk in drawn) / len(drawn)
    assert turns == pytest.approx(PROFILE.conversation.expected_turns, rel=0.05)
    assert len(drawn) == pytest.approx(5000, rel=0.05)
    assert len({talk.seed for talk in drawn}) == len(drawn)


def test_two_rates_have_the_same_arrivals_compressed_in_time() -> None:
    slow = list(plans.steady_dues(10.0, 100.0, 7))
    fast = list(plans.steady_dues(20.0, 50.0, 7))
    assert fast == pytest.approx([due / 2 for due in slow])


def test_the_noise_of_a_turn_has_mean_one() -> None:
    rng = random.Random(3)
    drawn = [plans.noise(0.2, rng) for _ in range(20_000)]
    mean = sum(drawn) / len(drawn)
    assert mean == pytest.approx(1.0, abs=0.01)
    assert (sum((x - mean) ** 2 for x in drawn) / len(drawn)) ** 0.5 == pytest.approx(0.2, abs=0.01)
    assert plans.noise(0.0, rng) == 1.0
