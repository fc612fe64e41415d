"""The toxics: what can be done to a stream of bytes, each described as the API shows it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

ATTRIBUTES: dict[str, dict[str, int]] = {
    "latency": {"latency": 0, "jitter": 0},
    "bandwidth": {"rate": 0},
    "slow_close": {"delay": 0},
    "timeout": {"timeout": 0},
    "reset_peer": {"timeout": 0},
    "slicer": {"average_size": 0, "size_variation": 0, "delay": 0},
    "limit_data": {"bytes": 0},
}
"""Type → its attributes and their defaults, named and measured as Toxiproxy does."""

STREAMS = ("upstream", "downstream")
"""From the client to the server, and back."""


class Cut(Exception):
    """The connection ends here; `reset` says whether rudely."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__("cut")
        self.reset = reset


@dataclass
class Toxic:
    """One toxic of one proxy."""

    name: str
    type: str
    stream: str
    toxicity: float = 1.0
    """The share of connections that it touches."""
    attributes: dict[str, int] = field(default_factory=dict)
    number: int = field(default_factory=count().__next__)
    """Its own, unlike `id`, which a later toxic may get again."""

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Toxic:
        """From the API's JSON.  Raises ValueError."""
        kind = values.get("type")
        if kind not in ATTRIBUTES:
            raise ValueError(f"invalid toxic type: {kind!r}")
        stream = values.get("stream") or "downstream"
        if stream not in STREAMS:
            raise ValueError(
                f"stream was invalid, can be either upstream or downstream: {stream!r}"
            )
        toxic = cls(
            name=str(values.get("name") or f"{kind}_{stream}"),
            type=kind,
            stream=stream,
            attributes=dict(ATTRIBUTES[kind]),
        )
        toxic.update(values)
        return toxic

    def update(self, values: dict[str, Any]) -> None:
        """Change toxicity and attributes.  Raises ValueError, and changes nothing then."""
        toxicity = values.get("toxicity", self.toxicity)
        given = values.get("attributes") or {}
        if not isinstance(toxicity, int | float) or not 0 <= toxicity <= 1:
            raise ValueError(f"toxicity: {toxicity!r}, expected 0 to 1")
        for name, value in given.items():
            if name in self.attributes and (not isinstance(value, int) or value < 0):
                raise ValueError(f"attributes.{name}: {value!r}, expected a whole number")
        self.toxicity = float(toxicity)
        # As Toxiproxy does, an attribute that the type does not have is passed over.
        self.attributes |= {n: v for n, v in given.items() if n in self.attributes}

    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "name": self.name,
            "type": self.type,
            "stream": self.stream,
            "toxicity": self.toxicity,
            "attributes": self.attributes,
        }

    async def apply(self, data: bytes, age: float, seen: int) -> AsyncIterator[bytes]:
        """What becomes of `data`, read `age` seconds ago after `seen` bytes.  May raise Cut."""
        values = self.attributes
        if self.type == "latency":
            jitter = random.randint(-values["jitter"], values["jitter"])
            await asyncio.sleep(max(0.0, (values["latency"] + jitter) / 1000 - age))
        elif self.type == "bandwidth" and values["rate"] > 0:
            step = max(1, values["rate"] * 1000 // 10)
            while len(data) > step:
                await asyncio.sleep(0.1)
                yield data[:step]
                data = data[step:]
            await asyncio.sleep(len(data) / (values["rate"] * 1000))
        elif self.type == "timeout":
            return
        elif self.type == "reset_peer":
            await asyncio.sleep(values["timeout"] / 1000)
            raise Cut(reset=True)
        elif self.type == "slicer" and values["average_size"] > 0:
            while data:
                spread = random.randint(-values["size_variation"], values["size_variation"])
                size = max(1, values["average_size"] + spread)
                yield data[:size]
                data = data[size:]
                if data:
                    await asyncio.sleep(values["delay"] / 1e6)
            return
        elif self.type == "limit_data":
            left = values["bytes"] - seen
            if left > 0:
                yield data[:left]
            if len(data) >= left:
                raise Cut
            return
        yield data
