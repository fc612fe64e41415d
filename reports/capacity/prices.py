"""Prices: the file that comes with diya, and the user's own with the same keys.

PriceError (a ValueError)
    Anything wrong with a file of prices, one sentence: file, key, value, and the expected value.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import fields

from reports.basics.suggestions import nearest
from reports.records import typed

FILE = Path(__file__).with_name("prices.toml")
"""The list prices that come with diya."""
_MOST = 1e6

Text = Annotated[str, Meta(min_length=1, description="a text")]
Price = Annotated[float, Meta(ge=0, le=_MOST, description=f"a number from 0 to {_MOST:,.0f}")]
Amount = Annotated[
    float, Meta(gt=0, le=_MOST, description=f"a number above 0, at most {_MOST:,.0f}")
]


class PriceError(ValueError):
    """One sentence about a file of prices."""


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
    hour: Price
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
    currency: Annotated[
        str, Meta(pattern="^[A-Z]{3}$", description='a code of three letters such as "USD"')
    ]
    """The currency of all prices."""
    date: Annotated[date, Meta(description="a date such as 2026-11-27")]
    """The day on which the prices were read."""
    replica: Annotated[ReplicaPrice, Meta(description="a section")]
    redis: Annotated[RedisPrice, Meta(description="a section")]
    model: Annotated[ModelPrice, Meta(description="a section")] | None = None

    @property
    def line(self) -> str:
        """Provider, region, date and products, for the sheet."""
        parts = [self.replica.product, self.redis.source]
        if self.model is not None:
            parts.append(self.model.product)
        told = "; ".join(parts)
        return f"{self.provider}, {self.region}, {self.currency}, as of {self.date}: {told}"


def read(path: Path = FILE) -> Prices:
    """The prices of a file.  Raises PriceError."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PriceError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PriceError(f"{path}: must be UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise PriceError(f"{path}: must be TOML: {error}") from None
    try:
        _check(values)
        return typed.convert(values, Prices)
    except ValueError as error:
        raise PriceError(f"{path}: {error}") from None


def _check(values: dict[str, Any]) -> None:
    """Raise ValueError for the first unknown key or bad value, named by its section."""
    _known(values, Prices, "")
    for name, kind in (("replica", ReplicaPrice), ("redis", RedisPrice), ("model", ModelPrice)):
        section = values.get(name)
        if not isinstance(section, dict):
            continue  # missing, or no section: the conversion of the whole says so
        _known(section, kind, f"{name}.")
        if name == "redis":
            _check_nodes(section.get("node"))
        _convert(section, kind, f"{name}.")


def _check_nodes(nodes: Any) -> None:
    if not isinstance(nodes, list) or not nodes:
        raise ValueError(f"redis.node must be one section or more, got {typed.shown(nodes)}")
    for place, node in enumerate(nodes, 1):
        where = f"redis.node {place}: "
        if not isinstance(node, dict):
            raise ValueError(f"{where}it must be a section, got {typed.shown(node)}")
        _known(node, NodePrice, where)
        _convert(node, NodePrice, where)


def _convert(values: dict[str, Any], kind: type[Struct], where: str) -> None:
    try:
        typed.convert(values, kind)
    except ValueError as error:
        raise ValueError(f"{where}{error}") from None


def _known(values: Mapping[str, Any], kind: type[Struct], where: str) -> None:
    names = [field.name for field in fields(kind)]
    for name in values:
        if name not in names:
            hint = nearest(name, names)
            raise ValueError(f"{where}{name} must be a known key, got {name!r}{hint}")
