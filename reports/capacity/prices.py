"""Prices: the file that comes with diya, and the user's own with the same keys."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from reports.model_cost import price_file
from reports.model_cost.price_file import Amount, Currency, Price, PriceError, Text
from reports.records import typed

FILE = Path(__file__).with_name("prices.toml")
"""The list prices that come with diya."""


class ReplicaPrice(Struct, frozen=True, kw_only=True):
    """`[replica]`: one replica on one core."""

    product: Text
    """The name of the product, for the sheet."""
    vcpu_hour: Price
    """Price of a core for an hour."""
    gb_hour: Price
    """Price of a GB of memory for an hour."""
    vcpus: Amount = 1.0
    """Cores of a replica."""
    memory_gb: Amount = 2.0
    """Memory of a replica, GB."""
    source: Text
    """Where the price was read."""

    @property
    def hour(self) -> float:
        """The price of a replica for an hour."""
        return self.vcpus * self.vcpu_hour + self.memory_gb * self.gb_hour


class NodePrice(Struct, frozen=True, kw_only=True):
    """`[[redis.node]]`: one size of a Redis node."""

    name: Text
    """The name of the node type."""
    memory_gib: Amount
    """Its memory, GiB."""
    hour: Amount
    """Its price for an hour."""

    @property
    def memory_bytes(self) -> float:
        """Its memory, bytes."""
        return self.memory_gib * 2**30


class RedisPrice(Struct, frozen=True, kw_only=True):
    """`[redis]`: the sizes of nodes on offer."""

    nodes_per_shard: Annotated[int, Meta(ge=1, le=6, description="a whole number from 1 to 6")] = 2
    """Nodes of a shard: the primary and its replicas."""
    source: Text
    """Where the prices were read."""
    node: tuple[NodePrice, ...]
    """At least one size."""


class ModelPrice(Struct, frozen=True, kw_only=True):
    """`[model]`: the price of the model's tokens; the section may be missing."""

    product: Text
    """The name of the model."""
    input_per_million_tokens: Price
    """Price of a million tokens that the model reads."""
    output_per_million_tokens: Price
    """Price of a million tokens that the model writes."""
    input_tokens_per_call: Amount | None = None
    """Tokens that a call reads, on average; without it the cost of the model is not known."""
    output_tokens_per_call: Amount | None = None
    """Tokens that a call writes, on average; without it the cost of the model is not known."""
    source: Text
    """Where the prices were read."""

    @property
    def call(self) -> float | None:
        """The price of a call; None: the tokens of a call are not given."""
        if self.input_tokens_per_call is None or self.output_tokens_per_call is None:
            return None
        read = self.input_tokens_per_call * self.input_per_million_tokens
        return (read + self.output_tokens_per_call * self.output_per_million_tokens) / 1e6


class Prices(Struct, frozen=True, kw_only=True):
    """A whole file of prices."""

    provider: Text
    """The provider of replicas and Redis."""
    region: Text
    """The region for which the prices hold."""
    currency: Currency
    """The currency of all prices."""
    date: Annotated[date, Meta(description="a date such as 2026-11-27")]
    """The day on which the prices were read."""
    replica: Annotated[ReplicaPrice, Meta(description="a section")]
    redis: Annotated[RedisPrice, Meta(description="a section")]
    model: Annotated[ModelPrice, Meta(description="a section")] | None = None

    @property
    def line(self) -> str:
        """Provider, region, date, products and sources, for the sheet."""
        parts = [f"{self.replica.product} ({self.replica.source})", self.redis.source]
        if self.model is not None:
            parts.append(f"{self.model.product} ({self.model.source})")
        told = "; ".join(parts)
        return f"{self.provider}, {self.region}, {self.currency}, as of {self.date}: {told}"


def read(path: Path = FILE) -> Prices:
    """The prices of a file.  Raises PriceError."""
    values = price_file.read(path)
    try:
        _check(values)
        return typed.convert(values, Prices)
    except ValueError as error:
        raise PriceError(f"{path}: {error}") from None


def _check(values: dict[str, Any]) -> None:
    """Raise ValueError for the first unknown key or bad value, named by its section."""
    price_file.check_known(values, Prices, "")
    for name, kind in (("replica", ReplicaPrice), ("redis", RedisPrice), ("model", ModelPrice)):
        section = values.get(name)
        if not isinstance(section, dict):
            continue  # missing, or no section: the conversion of the whole says so
        price_file.check_known(section, kind, f"{name}.")
        if name == "redis":
            price_file.check_sections(section.get("node"), NodePrice, "redis.node")
        price_file.check_section(section, kind, f"{name}.")
        if name == "replica" and not section["vcpu_hour"] and not section["gb_hour"]:
            raise ValueError("replica.vcpu_hour and replica.gb_hour must not both be 0")
