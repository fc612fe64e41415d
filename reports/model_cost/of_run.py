"""The model's cost in a run, from its records; None without the log of a stand-in."""

from __future__ import annotations

from msgspec import UNSET

from reports.model_cost import prices
from reports.model_cost.money import ModelCost, model_cost
from reports.model_cost.placed import Placed, placed
from reports.model_cost.price_file import PriceError
from reports.model_cost.prices import ModelPrices
from reports.records.errors import HistoryError
from reports.records.history import History


def calls_of(history: History) -> list[Placed]:
    """The calls of the run, each with its kind and its turn; empty without a log."""
    return placed(history, history.call_records)


def of_run(history: History) -> ModelCost | None:
    """The cost of the model; None when no log of calls was written.

    Raises HistoryError for prices in `run.json` that cannot be used.
    """
    calls = history.once(calls_of)
    return model_cost(history, calls, prices_of(history)) if calls else None


def prices_of(history: History) -> ModelPrices:
    """The user's prices, which `run.json` keeps, or those of diya.  Raises HistoryError."""
    given = history.run.model_prices
    if given is UNSET:
        return prices.read()
    try:
        return prices.from_dict(given, "run.json: model_prices")
    except PriceError as error:
        raise HistoryError(str(error)) from None
