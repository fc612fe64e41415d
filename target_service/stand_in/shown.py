"""The texts that a call showed to the model, as digests: no text of a customer is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from target_service.model.witness import digest
from target_service.stand_in.call import Call

_ENCODER = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class Shown:
    """The digests of one call."""

    messages: tuple[str, ...]
    """Of the customer's texts, oldest first."""
    steps: str
    """As `Call.steps`."""
    results: tuple[str, ...]
    """Of the tools' results after the last message."""
    seed: str
    """Of all of it; the same call has the same seed on every replica."""


def look_at(call: Call) -> Shown:
    """The digests of a call."""
    messages = tuple(map(digest, call.messages))
    steps, since = call.steps, call.since_message
    results = tuple(result_digest(item.value) for item in since if item.kind == "result")
    seed = digest("/".join((call.agent, steps, str(len(call.items)), *messages, *results)))
    return Shown(messages, steps, results, seed)


def result_digest(value: Any) -> str:
    """The digest of a tool's result: of its JSON, keys sorted and without spaces."""
    return digest(_ENCODER.encode(value).decode())
