"""The calls and tokens that a load needs of a model, and their cost, all assumed before a run.

The customers' texts are those of the journeys.  What the agent adds to them is not known before a
run, so `Assumptions` stand for it; a run with the stand-in measures it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loadtests.arrivals import forecast
from loadtests.arrivals.conversation import ConversationPlan
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from reports.measures.model_quota.presets import Quota, presets
from reports.model_cost.prices import ModelPrices
from reports.render import formatting
from target_service.stand_in.tokens import of_text

MINUTE_S = 60.0
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Assumptions:
    """An agent with one tool that it calls once a turn."""

    calls_a_turn: int = 2
    """The call of the tool, and the reply."""
    instructions: int = 700
    """Tokens of the system text and the tools' declarations, which every call reads."""
    tool_call: int = 25
    """Tokens of the call of a tool."""
    tool_result: int = 80
    """Tokens of its result."""
    reply: int = 70
    """Tokens of the reply."""

    @property
    def words(self) -> str:
        """In a few words."""
        return (
            f"{self.calls_a_turn} calls a turn, {self.instructions} tokens of instructions and "
            f"tools, {self.tool_result} of a tool's result, {self.reply} of a reply"
        )


ASSUMED = Assumptions()


@dataclass(frozen=True, slots=True)
class ModelForecast:
    """The model's part of a load; means of a sample of its conversations."""

    model: str
    """The name of the model whose prices count."""
    conversations: float
    """Of the load."""
    night_conversations: float
    """Of the profile at full size, without compression."""
    turns: float
    """Of a conversation, as all below."""
    calls: float
    prompt_tokens: float
    output_tokens: float
    money: float
    currency: str
    busiest_calls: float
    """Calls in the busiest minute of the load."""
    busiest_prompt: float
    """Tokens that they read."""
    busiest_output: float
    """Tokens that they write."""

    def exceeds(self, quota: Quota) -> bool:
        """Whether the busiest minute needs more than a quota allows."""
        if self.busiest_calls > quota.requests:
            return True
        output = 0.0 if quota.counts == "input" else self.busiest_output
        return quota.tokens is not None and self.busiest_prompt + output > quota.tokens


def of_load(
    profile: Profile,
    book: Book | None,
    prices: ModelPrices,
    *,
    factor: float = 1.0,
    model: str | None = None,
) -> ModelForecast:
    """The forecast of a load; `factor` is the share of its full size that the profile has.

    `book` holds the journeys, ShopMax's when None; `model` is the model, that of the prices' own
    choice when None or when they do not have it.
    """
    price = (None if model is None else prices.of(model)) or prices.assumed
    talks = list(forecast.sample_plans(profile, book))
    calls = [call for talk in talks for call in _calls(talk, ASSUMED)]
    count = len(talks)
    turns = sum(len(talk.messages) for talk in talks) / count
    prompt = sum(read for read, _ in calls) / count
    output = sum(written for _, written in calls) / count
    busiest = _busiest_turns(profile, book)
    return ModelForecast(
        model=price.name,
        conversations=profile.expected_conversations,
        night_conversations=profile.in_real_time().curve().total / factor,
        turns=turns,
        calls=len(calls) / count,
        prompt_tokens=prompt,
        output_tokens=output,
        money=sum(price.money(*call) for call in calls) / count,
        currency=prices.currency,
        busiest_calls=busiest * len(calls) / count / turns,
        busiest_prompt=busiest * prompt / turns,
        busiest_output=busiest * output / turns,
    )


def announcement(
    profile: Profile, book: Book | None, prices: ModelPrices, model: str | None = None
) -> list[str]:
    """Sentences about the cost of a run with a real model, and the public limits that it meets."""
    found = of_load(profile, book, prices, model=model)
    calls, talks = found.calls * found.conversations, found.conversations
    known = presets()
    return [
        f"real model: about {calls:,.0f} calls, "
        f"{found.prompt_tokens * talks / MILLION:.3g} million tokens read and "
        f"{found.output_tokens * talks / MILLION:.3g} million written, "
        f"{formatting.money(found.money * talks, found.currency)} with {found.model} (assumed: "
        f"{ASSUMED.words}; {prices.line}); the rehearsal comes on top",
        f"the busiest minute asks for {found.busiest_calls:,.0f} calls and "
        f"{found.busiest_prompt + found.busiest_output:,.0f} tokens; public tiers as of "
        f"{known.date}: {'; '.join(_ladders(found))}",
    ]


def _ladders(found: ModelForecast) -> Iterator[str]:
    """For each ladder of public tiers, the tiers that the load exceeds."""
    for ladder in presets().ladders:
        over = [quota for quota in ladder.tiers if found.exceeds(quota)]
        if over:
            yield f"it exceeds {over[-1].name} ({over[-1].words}) and would measure refusals there"
        else:
            yield f"it is within every tier of {ladder.model}"


def _calls(talk: ConversationPlan, given: Assumptions) -> Iterator[tuple[int, int]]:
    """(tokens read, tokens written) of each call of a conversation."""
    history = given.instructions
    for message in talk.messages:
        history += of_text(message)
        for _ in range(given.calls_a_turn - 1):
            yield history, given.tool_call
            history += given.tool_call + given.tool_result
        yield history, given.reply
        history += given.reply


def _busiest_turns(profile: Profile, book: Book | None) -> float:
    """Expected turns of the busiest minute."""
    ahead = forecast.forecast(profile, None, book)
    width = max(1, round(MINUTE_S / ahead.step_s))
    return max(_windows(ahead.turns, width)) * ahead.step_s


def _windows(values: Sequence[float], width: int) -> Iterator[float]:
    """The sum of each window of this many values."""
    total = 0.0
    for place, value in enumerate(values):
        total += value - (values[place - width] if place >= width else 0.0)
        yield total
