"""The calls and tokens of a turn by model, for plans of other loads with the same agent."""

from __future__ import annotations

from reports.model_cost.growth import TOKENS
from reports.model_cost.means import COUNTED, Means, one, read, written
from reports.model_cost.model_use import ModelUse
from reports.model_cost.of_run import calls_of
from reports.model_cost.placed import Kind, Placed
from reports.records.history import History


def use_by_model(history: History) -> tuple[ModelUse, ...]:
    """By name; empty without the log of a stand-in."""
    load = [each for each in history.once(calls_of) if each.kind is Kind.ANSWERED]
    means = Means.of(history, load)
    return tuple(_use(name, means) for name in sorted({each.call.model for each in load}))


def _use(model: str, means: Means) -> ModelUse:
    def only(placed: Placed) -> bool:
        return placed.call.model == model

    return ModelUse(
        model=model,
        calls=means.of_turn(lambda each: only(each) * one(each), "calls", "the stand-in's log"),
        prompt_tokens=means.of_turn(lambda each: only(each) * read(each), TOKENS, COUNTED),
        output_tokens=means.of_turn(lambda each: only(each) * written(each), TOKENS, COUNTED),
    )
