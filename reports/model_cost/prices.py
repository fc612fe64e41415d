"""The prices of models' tokens: the file that comes with diya, and the user's own with its keys."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct, to_builtins

from reports.model_cost import price_file
from reports.model_cost.price_file import Amount, Currency, Price, PriceError, Text
from reports.records import typed

FILE = Path(__file__).with_name("model_prices.toml")
"""The list prices that come with diya."""
_DATED = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{3})$")
"""The version at the end of a name: `gpt-4o-mini-2024-07-18`, `gemini-2.0-flash-001`."""


class ModelPrice(Struct, frozen=True, kw_only=True):
    """`[[model]]`: one model."""

    name: Text
    """Its name in requests."""
    also: Annotated[tuple[Text, ...], Meta(description="a list of texts")] = ()
    """Other names of it."""
    input_per_million_tokens: Price
    """Price of a million tokens that it reads."""
    output_per_million_tokens: Price
    """Price of a million tokens that it writes."""
    long_prompt_tokens: Amount | None = None
    """A call that reads more tokens than this has the two prices below."""
    long_input_per_million_tokens: Price | None = None
    """Price of a million tokens that it reads in a call with a long prompt."""
    long_output_per_million_tokens: Price | None = None
    """Price of a million tokens that it writes in a call with a long prompt."""
    source: Text
    """Where the provider publishes the price."""

    def money(self, prompt_tokens: float, output_tokens: float) -> float:
        """The price of a call that reads and writes this many tokens."""
        read: float | None = self.input_per_million_tokens
        written: float | None = self.output_per_million_tokens
        if self.long_prompt_tokens is not None and prompt_tokens > self.long_prompt_tokens:
            read = self.long_input_per_million_tokens
            written = self.long_output_per_million_tokens
        return (prompt_tokens * (read or 0.0) + output_tokens * (written or 0.0)) / 1e6


class ModelPrices(Struct, frozen=True, kw_only=True):
    """A whole file of the prices of models."""

    currency: Currency
    """The currency of all prices."""
    date: Annotated[date, Meta(description="a date such as 2026-11-27")]
    """The day of the prices."""
    source: Text
    """Where they were taken from."""
    assumed_model: Text
    """The model of a forecast, before any call has told its name; it must be one of the models."""
    model: Annotated[tuple[ModelPrice, ...], Meta(description="one section or more")]
    """At least one model."""

    @property
    def line(self) -> str:
        """Source, date and currency, for the reports."""
        return f"{self.source}, as of {self.date}, {self.currency}"

    @property
    def assumed(self) -> ModelPrice:
        """The price of the model of a forecast."""
        return next(each for each in self.model if self.assumed_model in (each.name, *each.also))

    def of(self, name: str) -> ModelPrice | None:
        """The price of the model of this name in a request; None: the file does not have it.

        A path before the name and a version at its end do not count.
        """
        asked = name.rpartition("/")[2]
        for each in (asked, _DATED.sub("", asked)):
            for price in self.model:
                if each in (price.name, *price.also):
                    return price
        return None

    def to_dict(self) -> dict[str, Any]:
        """The prices as `run.json` keeps them; `from_dict` reads them back."""
        found: dict[str, Any] = to_builtins(self)
        return found


def read(path: Path = FILE) -> ModelPrices:
    """The prices of a file.  Raises PriceError."""
    return from_dict(price_file.read(path), str(path))


def from_dict(values: dict[str, Any], source: str) -> ModelPrices:
    """The prices of a file's tables; `source` names the file in errors.  Raises PriceError."""
    try:
        price_file.check_known(values, ModelPrices, "")
        price_file.check_sections(values.get("model"), ModelPrice, "model")
        found = typed.convert(values, ModelPrices)
        _check(found)
        return found
    except ValueError as error:
        raise PriceError(f"{source}: {error}") from None


def _check(prices: ModelPrices) -> None:
    """Raise ValueError for prices that contradict each other."""
    seen = set[str]()
    for place, each in enumerate(prices.model, 1):
        for name in (each.name, *each.also):
            if name in seen:
                raise ValueError(f"model {place}: a name must be given once, got {name!r} again")
            seen.add(name)
        long = (
            each.long_prompt_tokens,
            each.long_input_per_million_tokens,
            each.long_output_per_million_tokens,
        )
        if any(value is None for value in long) and any(value is not None for value in long):
            raise ValueError(
                f"model {place}: the three keys that begin with long_ must be given together, "
                f"got {sum(value is not None for value in long)} of them"
            )
    if prices.assumed_model not in seen:
        raise ValueError(
            f"assumed_model must be the name of one of the models, got {prices.assumed_model!r}"
        )
