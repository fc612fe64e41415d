"""The effect of a fault or a quota on one call, and the protocols of the two that decide it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from target_service.stand_in.call import Call


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of a fault on one call."""

    fault: str | None = None
    """The fault's name for the log; None: no fault hits this call."""
    latency_factor: float = 1.0
    """At least 1."""
    status: int = 200
    """Another status is answered with an error, at once."""
    retry_after_s: float | None = None
    ending: Literal["whole", "cut", "unfinished", "garbage"] = "whole"
    """`cut`: the connection breaks in mid-reply; `unfinished`: a stream ends without a reason of
    finishing; `garbage`: the answer is no JSON."""


NO_EFFECT = Effect()


class Faults(Protocol):
    """Decides which calls a fault hits."""

    def for_call(self, call: Call) -> Effect:
        """The effect on this call; `call.caller` is remembered as affected."""
        ...

    def set(self, values: Mapping[str, Any]) -> int:
        """Replace the faults; {} clears them.  Returns their number.

        Raises ValueError, one sentence, for a name or a value that cannot be used.
        """
        ...

    def affected(self) -> list[str]:
        """The replicas (`r01`) that a fault has hit since the last `set`, sorted."""
        ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that the quota does not allow."""

    refused: Literal["requests", "tokens"]
    retry_after_s: float
    quota_value: int
    """The limit a minute that was reached."""


class Quota(Protocol):
    """Counts calls and tokens against a limit a minute."""

    def admit(self, call: Call, now: float) -> Refusal | None:
        """None when the call is within the quota; `now` in seconds of a monotonic clock."""
        ...

    def answered(self, output_tokens: int, now: float) -> None:
        """Count the tokens of an answer."""
        ...

    def set(self, values: Mapping[str, Any]) -> None:
        """Replace the limits; {} admits every call.

        Raises ValueError, one sentence, for a name or a value that cannot be used.
        """
        ...
