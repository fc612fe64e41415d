"""The toxics: disturbances of a stream of bytes, each described as the API shows it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import count
from typing import Any

ATTRIBUTES: dict[str, dict[str, int]] = {
    "noop": {},
    "latency": {"latency": 0, "jitter": 0},
    "bandwidth": {"rate": 0},
    "slow_close": {"delay": 0},
    "timeout": {"timeout": 0},
    "reset_peer": {"timeout": 0},
    "slicer": {"average_size": 0, "size_variation": 0, "delay": 0},
    "limit_data": {"bytes": 0},
}
"""Type → its attributes and their defaults, named and measured as Toxiproxy does."""

_MOST = (1 << 63) - 1
"""The largest value of an attribute: Toxiproxy's are Go's int64."""

STREAMS = ("upstream", "downstream")
"""From the client to the server, and back."""


class InvalidToxic(ValueError):
    """A type or a stream that no toxic has."""


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
    """Unique and rising, unlike `name`, which a later toxic may get again."""

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Toxic:
        """From the API's JSON.  Raises ValueError, TypeError."""
        kind = values.get("type")
        if kind not in ATTRIBUTES:
            raise InvalidToxic(f"invalid toxic type: {kind!r}")
        stream = str(values.get("stream") or "downstream").lower()
        if stream not in STREAMS:
            raise InvalidToxic(
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
        """Change toxicity and attributes; null says nothing of one, as in Go.

        Raises ValueError, and then changes nothing.
        """
        toxicity = values.get("toxicity")
        toxicity = self.toxicity if toxicity is None else toxicity
        given = values.get("attributes")
        given = {} if given is None else given
        if not isinstance(given, dict):
            raise ValueError(f"attributes must be an object, got {given!r}")
        # Like Toxiproxy, ignore an attribute that the type does not have.
        given = {n: v for n, v in given.items() if n in self.attributes and v is not None}
        if type(toxicity) not in (int, float) or not 0 <= toxicity <= 1:
            raise ValueError(f"toxicity must be from 0 to 1, got {toxicity!r}")
        for name, value in given.items():
            if type(value) is not int or not 0 <= value <= _MOST:
                raise ValueError(
                    f"attributes.{name} must be a whole number of 64 bits, got {str(value)[:40]}"
                )
        self.toxicity = float(toxicity)
        self.attributes |= given

    def strikes(self) -> bool:
        """Whether it touches one more connection: chance decides, by its toxicity."""
        return random.random() < self.toxicity

    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "name": self.name,
            "type": self.type,
            "stream": self.stream,
            "toxicity": self.toxicity,
            "attributes": self.attributes,
        }
