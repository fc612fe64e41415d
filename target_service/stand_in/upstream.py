"""The interface to a real model, to which the stand-in passes calls on while it records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

from target_service.stand_in.call import Call
from target_service.stand_in.reply import Reply


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the agent sent it."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    """Holds the user's key: it must not be written or logged."""
    body: bytes = field(repr=False)


@dataclass(slots=True)
class Forwarded:
    """The real model's answer, while it arrives."""

    status: int
    content_type: str
    chunks: AsyncIterator[bytes] = field(repr=False)
    reply: Reply | None = None
    """The whole reply, set once `chunks` has ended; None for an error."""


class Upstream(Protocol):
    """Passes calls on to the real model and keeps its replies."""

    async def forward(self, request: Request, call: Call) -> Forwarded:
        """The answer of the real model to this request.

        Raises OSError when it cannot be reached.
        """
        ...
