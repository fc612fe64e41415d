"""A request that was understood, or the reason why it was not."""

from __future__ import annotations

from dataclasses import dataclass

from target_service.stand_in.call import Call


class BadRequest(ValueError):
    """A request that the API answers with 400; the message is the one of the API."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call, and how its answer must look."""

    call: Call
    thoughts: bool = False
    """The agent wants to see what the model thinks."""
    usage: bool = True
    """A stream ends with the usage."""
    sse: bool = True
    """A stream is made of server-sent events; else it is one JSON array."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of one answer."""

    prompt: int
    output: int
    """Without the thoughts."""
    thoughts: int = 0

    @property
    def total(self) -> int:
        """All tokens that are paid for."""
        return self.prompt + self.output + self.thoughts


@dataclass(frozen=True, slots=True)
class Frame:
    """One piece of a stream."""

    data: bytes
    tokens: int
    """Tokens of the answer up to the end of this piece."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error that the stand-in answers on purpose."""

    status: int
    message: str = ""
    """Empty: the API's usual message for this status."""
    model: str = ""
    retry_after_s: float | None = None
    refused: str | None = None
    """The exhausted quota: `requests` or `tokens`."""
    limit: int = 0
    """The quota a minute."""


Headers = list[tuple[bytes, bytes]]


def retry_after(seconds: float | None) -> Headers:
    """The header `Retry-After`, in whole seconds; none without a time."""
    if seconds is None:
        return []
    return [(b"retry-after", str(max(1, -int(-seconds // 1))).encode())]
