"""The cost of a run's calls, of a sale night and of a million conversations at the same rate.

A night and a million conversations are calculated from the calls that were answered for the first
time: the retries of this run are those of its faults, and stand apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import UNSET, Meta, Struct

from reports.figures.derive import assumed, derive
from reports.figures.figure import Figure, Label, unknown
from reports.model_cost.growth import TOKENS, TurnRow, growth
from reports.model_cost.means import COUNTED, Means, one, read, written
from reports.model_cost.placed import BILLED, Kind, Placed
from reports.model_cost.prices import ModelPrices
from reports.records.history import History

MILLION = 1e6
_NO_PRICE = "no price for {}; --model-prices FILE takes yours"
_CUT_SHORT = "the run was cut short, and with it its conversations"
_LISTED = "list prices, for the stand-in's tokens"


_Count = Annotated[int, Meta(ge=0)]
_Amount = Annotated[float, Meta(ge=0)]


class Share(Struct, frozen=True, kw_only=True):
    """The calls of one model, agent or kind."""

    name: str
    """The model, the agent (empty: not said) or the kind."""
    calls: _Count
    """How many."""
    calls_per_turn: _Amount | None
    """Calls over all turns of the load; None: calls of the rehearsal."""
    prompt_tokens: _Count
    """Tokens that they read."""
    output_tokens: _Count
    """Tokens that they wrote."""
    money: _Amount | None
    """Their price; None: the list has none for a model of them."""


class ModelCost(Struct, frozen=True, kw_only=True):
    """The cost of the model in one run."""

    prices: str
    """Source, date and currency of the list of prices."""
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    """The currency of all money here."""
    figures: dict[str, Figure]
    """By name, in the order of the reports: `calls_per_turn`, `input_per_turn` and
    `output_per_turn` (tokens a turn); `first_turn`, `added_per_turn` and `added_share` (the tokens
    that a turn reads, by a line over the turn's number); `run`, `night` and `million` (money of
    this load, of the profile at full size in real time, and of a million conversations);
    `night_conversations`."""
    by_model: list[Share]
    """The calls of the load by the model that was asked for, most tokens first."""
    by_agent: list[Share]
    """The calls of the load by the agent that called."""
    by_kind: list[Share]
    """All calls by kind: answered for the first time, repeated by a retry after an answer, cut off,
    failed or refused (both not billed), and those of the rehearsal."""
    by_turn: list[TurnRow]
    """How the tokens that a turn reads grow with the conversation."""


def model_cost(history: History, calls: Sequence[Placed], prices: ModelPrices) -> ModelCost:
    """The cost of these calls, which are all of the run."""
    load = [each for each in calls if each.kind is not Kind.REHEARSAL]
    grown = growth(calls)
    money = _Money(prices, _missing(load, prices))
    means = Means.of(history, load)
    conversation = money.each_conversation(history, means)
    night, turns = _night(history), len(history.turns)
    figures = {
        "calls_per_turn": means.of_turn(one, "calls", "answered calls"),
        "input_per_turn": means.of_turn(read, TOKENS, COUNTED),
        "output_per_turn": means.of_turn(written, TOKENS, COUNTED),
        "first_turn": grown.first,
        "added_per_turn": grown.added,
        "added_share": grown.share,
        "run": money.of_all(load),
        "night_conversations": night,
        "night": derive(
            lambda count, each: count * each,
            night,
            conversation,
            unit=money.unit,
            why="the profile at full size, in real time",
        ),
        "million": derive(
            lambda each: each * MILLION, conversation, unit=money.unit, why=conversation.why
        ),
    }
    return ModelCost(
        prices=prices.line,
        currency=prices.currency,
        figures=figures,
        by_model=_shares(load, lambda each: each.call.model, prices, turns),
        by_agent=_shares(load, lambda each: each.call.agent, prices, turns),
        by_kind=_shares(calls, lambda each: each.kind.value, prices, turns),
        by_turn=list(grown.rows),
    )


def _missing(calls: Iterable[Placed], prices: ModelPrices) -> str:
    """Why the money is not known; empty: there is a price for every call that is billed."""
    names = sorted({each.call.model for each in calls if price_of(each, prices) is None})
    return _NO_PRICE.format(", ".join(names)) if names else ""


def price_of(placed: Placed, prices: ModelPrices) -> float | None:
    """The price of a call, 0 for one that is not billed; None: there is no price for its model."""
    if placed.kind not in BILLED:
        return 0.0
    price, call = prices.of(placed.call.model), placed.call
    return None if price is None else price.money(call.prompt_tokens, call.output_tokens)


def _shares(
    calls: Iterable[Placed],
    name_of: Callable[[Placed], str],
    prices: ModelPrices,
    turns: int,
) -> list[Share]:
    """The calls by name, most tokens first."""
    groups: defaultdict[str, list[Placed]] = defaultdict(list)
    for each in calls:
        groups[name_of(each)].append(each)
    found = [
        Share(
            name=name,
            calls=len(members),
            calls_per_turn=None if name == Kind.REHEARSAL else len(members) / max(1, turns),
            prompt_tokens=sum(each.call.prompt_tokens for each in members),
            output_tokens=sum(each.call.output_tokens for each in members),
            money=_sum(price_of(each, prices) for each in members),
        )
        for name, members in groups.items()
    ]
    return sorted(found, key=lambda share: (-share.prompt_tokens, share.name))


def _sum(parts: Iterable[float | None]) -> float | None:
    total = 0.0
    for part in parts:
        if part is None:
            return None
        total += part
    return total


@dataclass(frozen=True, slots=True)
class _Money:
    """Makes figures of money."""

    prices: ModelPrices
    missing: str
    """Why the money is not known; empty: it is."""

    @property
    def unit(self) -> str:
        return self.prices.currency

    def of_all(self, calls: Iterable[Placed]) -> Figure:
        """The price of all these calls."""
        if self.missing:
            return unknown(self.unit, self.missing)
        total = _sum(price_of(each, self.prices) for each in calls)
        return assumed(total or 0.0, self.unit, _LISTED)

    def each_conversation(self, history: History, means: Means) -> Figure:
        """The mean price of a conversation."""
        if self.missing:
            return unknown(self.unit, self.missing)
        if history.cut_short:
            return unknown(self.unit, _CUT_SHORT)
        mean = means.of_conversation(lambda each: price_of(each, self.prices) or 0.0, self.unit)
        return derive(lambda each: each, mean, unit=self.unit, at_least=Label.ASSUMED, why=_LISTED)


def _night(history: History) -> Figure:
    planned = history.run.night_conversations
    if planned is UNSET:
        return unknown("conversations", "run.json does not say how many the whole night has")
    return assumed(planned, "conversations", "the profile at full size, in real time")
