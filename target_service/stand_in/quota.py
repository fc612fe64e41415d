"""A quota of requests and tokens a minute, enforced over a sliding window as the real APIs do.

A refused call counts in neither.  (OpenAI's guide says that failed requests count against its
limit; that is not imitated, because a client that keeps asking would then be refused for ever.)
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from target_service.stand_in.call import Call
from target_service.stand_in.effect import Refusal

MINUTE_S = 60.0
_MOST = 10**9
_LEAST_WAIT_S = 0.01


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the quota allows."""

    requests: int
    """Calls a minute."""
    tokens: int | None = None
    """Tokens a minute; None: any number."""
    counts: Literal["input", "all"] = "all"
    """Which tokens count: those of the prompts, or those of the answers too."""
    factor: float = 1.0
    """The limits of a load that is played at this share of its size are this share of them."""
    window_s: float = MINUTE_S
    """The window, seconds: shorter than a minute for a load that is played in less time."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Limits:
        """Check the limits of a request.  Raises ValueError, one sentence."""
        known = cls.__dataclass_fields__
        if unknown := sorted(set(values) - set(known)):
            raise ValueError(f"{unknown[0]}: must be one of {', '.join(known)}")
        limits = cls(
            requests=_whole("requests", values.get("requests")),
            tokens=None if values.get("tokens") is None else _whole("tokens", values["tokens"]),
            counts=values.get("counts", "all"),
            factor=_number("factor", values.get("factor", 1.0), 1000.0),
            window_s=_number("window_s", values.get("window_s", MINUTE_S), MINUTE_S),
        )
        if limits.counts not in ("input", "all"):
            raise ValueError(f"counts: must be input or all, got {limits.counts!r}")
        return limits


def parse(text: str) -> Limits:
    """`RPM[,TPM[,input]]`: requests a minute, tokens a minute, and which tokens count.

    Raises ValueError, one sentence.
    """
    words = text.split(",")
    try:
        requests, tokens = int(words[0]), int(words[1]) if len(words) > 1 else None
    except ValueError:
        requests, tokens = 0, None
    counts = words[2] if len(words) > 2 else "all"
    if requests < 1 or (tokens is not None and tokens < 1) or len(words) > 3:
        raise ValueError(f"must be RPM[,TPM[,input]], whole numbers above 0, got {text!r}")
    return Limits.of({"requests": requests, "tokens": tokens, "counts": counts})


class _Window:
    """The use in the last window."""

    def __init__(self, allowed: int, seconds: float) -> None:
        self._allowed = allowed
        self._seconds = seconds
        self._used: deque[tuple[float, int]] = deque()
        self._total = 0

    def add(self, amount: int, now: float) -> None:
        """Note that so much was used at this moment, not earlier than the one before."""
        self._used.append((now, amount))
        self._total += amount

    def wait(self, amount: int, now: float) -> float:
        """Seconds until so much more is allowed; 0: now.

        An amount that is never allowed waits until the window is empty.
        """
        while self._used and self._used[0][0] <= now - self._seconds:
            self._total -= self._used.popleft()[1]
        over = self._total + amount - self._allowed
        if over <= 0:
            return 0.0
        for at, used in self._used:
            over -= used
            if over <= 0:
                return max(_LEAST_WAIT_S, at + self._seconds - now)
        return self._seconds


class SlidingQuota:
    """Counts the calls of all replicas together, as the quota of a project or an organization."""

    def __init__(self, limits: Limits | None = None) -> None:
        """None: every call is admitted until `set` is called."""
        self._limits: Limits | None = None
        if limits is not None:
            self._begin(limits)

    def set(self, values: Mapping[str, Any]) -> None:
        """Begin with empty windows; {} admits every call.  Raises ValueError, one sentence."""
        if values:
            self._begin(Limits.of(values))
        else:
            self._limits = None

    def admit(self, call: Call, now: float) -> Refusal | None:
        """None when the call is within the quota; `now` in seconds of a monotonic clock."""
        limits = self._limits
        if limits is None:
            return None
        if wait := self._requests.wait(1, now):
            return Refusal("requests", wait, limits.requests)
        if limits.tokens is not None:
            if wait := self._tokens.wait(call.prompt_tokens, now):
                return Refusal("tokens", wait, limits.tokens)
            self._tokens.add(call.prompt_tokens, now)
        self._requests.add(1, now)
        return None

    def answered(self, output_tokens: int, now: float) -> None:
        """Count the tokens of an answer, if the quota counts them."""
        limits = self._limits
        if limits is not None and limits.tokens is not None and limits.counts == "all":
            self._tokens.add(output_tokens, now)

    def _begin(self, limits: Limits) -> None:
        share = limits.factor * limits.window_s / MINUTE_S
        self._limits = limits
        self._requests = _Window(max(1, round(limits.requests * share)), limits.window_s)
        self._tokens = _Window(max(1, round((limits.tokens or _MOST) * share)), limits.window_s)


def _whole(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST:
        raise ValueError(f"{name}: must be a whole number from 1 to {_MOST}, got {value!r}")
    return value


def _number(name: str, value: object, most: float) -> float:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if not 0 < number <= most:
        raise ValueError(f"{name}: must be a number above 0, at most {most:g}, got {value!r}")
    return float(number)
