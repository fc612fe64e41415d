"""The calls and tokens of a turn."""

from __future__ import annotations

from msgspec import Struct

from reports.figures.derive import derive
from reports.figures.figure import Figure, Label, unknown
from reports.model_cost.prices import ModelPrices


class ModelUse(Struct, frozen=True, kw_only=True):
    """The calls and tokens of one turn at one model, on average."""

    model: str
    """Its name in the requests."""
    calls: Figure
    """Calls a turn."""
    prompt_tokens: Figure
    """Tokens that a turn reads."""
    output_tokens: Figure
    """Tokens that a turn writes."""

    def money(self, prices: ModelPrices) -> Figure:
        """The price of a turn's calls of this model."""
        price, unit = prices.of(self.model), prices.currency
        if price is None:
            return unknown(
                unit, f"no price for the model {self.model!r}; --model-prices FILE takes yours"
            )
        calls = self.calls.value or 1.0
        return derive(
            lambda read, written: calls * price.money(read / calls, written / calls),
            self.prompt_tokens,
            self.output_tokens,
            unit=unit,
            at_least=Label.ASSUMED,
        )
