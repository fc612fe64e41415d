"""Faults of the model: which calls they hit, and the replicas that felt one.

The harness sets them over HTTP while a run goes on, one fault of the catalogue at a time; the
names of the settings are those of the scripted model, and two more that need a wire.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from target_service.stand_in.call import Call
from target_service.stand_in.effect import NO_EFFECT, Effect

_OVERLOADED = 503
_TOO_MANY = 429
_LONGEST_RETRY_S = 3600.0
_LONGEST_FAULT_S = 86_400.0
_LARGEST_FACTOR = 1000.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How the model behaves; the defaults are its normal behaviour."""

    latency_factor: float = 1.0
    """Everything takes this many times as long."""
    error_rate: float = 0.0
    """The share of the calls that are answered with 503."""
    rate_limit_rate: float = 0.0
    """The share of the calls that are answered with 429."""
    retry_after_s: float = 1.0
    """The time to wait that a 429 names, seconds."""
    cut_rate: float = 0.0
    """The share of the replies whose connection breaks in the middle."""
    unfinished_rate: float = 0.0
    """The share of the streams that end in the middle, as if they were complete."""
    garbage_rate: float = 0.0
    """The share of the replies that are no JSON."""
    expires_s: float = math.inf
    """Seconds after which all is normal again, also if the one who set this is gone."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Settings:
        """Check the settings of a request.  Raises ValueError, one sentence."""
        known = cls.__dataclass_fields__
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"{name}: must be one of {', '.join(known)}")
            low, high = _LIMITS.get(name, (0.0, 1.0))
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            number = value if is_number else math.nan
            if not low <= number <= high:
                raise ValueError(f"{name}: must be from {low:g} to {high:g}, got {value!r}")
        return cls(**{name: float(value) for name, value in values.items()})


_LIMITS = {
    "latency_factor": (1.0, _LARGEST_FACTOR),
    "retry_after_s": (0.0, _LONGEST_RETRY_S),
    "expires_s": (0.0, _LONGEST_FAULT_S),
}
"""The range of each setting that is no share."""
_NORMAL = Settings()


class ModelFaults:
    """The faults of one stand-in; used by its event loop alone."""

    def __init__(self, rng: Random | None = None, *, takes_time: bool = True) -> None:
        """No fault is set.  `takes_time` False: the replies have no latency to multiply."""
        self._rng = rng or Random()
        self._takes_time = takes_time
        self._now = _NORMAL
        self._until = math.inf
        self._number = 0
        self._affected: set[str] = set()

    def set(self, values: Mapping[str, Any]) -> int:
        """Replace the faults; {} restores the normal behaviour.  Returns the number of this order.

        Raises ValueError, one sentence, for a name or a value that cannot be used; then nothing
        changes.
        """
        settings = Settings.of(values)
        if settings.latency_factor > 1 and not self._takes_time:
            raise ValueError(
                "latency_factor: must be 1 for a stand-in without latency, got "
                f"{settings.latency_factor:g}"
            )
        self._now = settings if values else _NORMAL
        self._until = time.monotonic() + settings.expires_s
        self._affected.clear()
        self._number += 1
        return self._number

    def affected(self) -> list[str]:
        """The replicas that a fault has hit since it was set, sorted; `other`: a key not ours."""
        return sorted(self._affected)

    def for_call(self, call: Call) -> Effect:
        """The effect on this call; with one, its caller counts as affected."""
        if self._now is _NORMAL:
            return NO_EFFECT
        if time.monotonic() >= self._until:
            self._now = _NORMAL
            return NO_EFFECT
        effect = self._drawn(call)
        if effect.fault is not None:
            self._affected.add(call.replica or "other")
        return effect

    def _drawn(self, call: Call) -> Effect:
        now, hits = self._now, self._hits
        factor = now.latency_factor
        if hits(now.rate_limit_rate):
            return Effect("model-rate-limit", status=_TOO_MANY, retry_after_s=now.retry_after_s)
        if hits(now.error_rate):
            return Effect("model-errors", status=_OVERLOADED)
        if hits(now.cut_rate):
            return Effect("model-cut-streams", factor, ending="cut")
        if call.stream and hits(now.unfinished_rate):
            return Effect("model-unfinished-streams", factor, ending="unfinished")
        if hits(now.garbage_rate):
            return Effect("model-garbage", factor, ending="garbage")
        return Effect("slow-model", factor) if factor > 1 else NO_EFFECT

    def _hits(self, rate: float) -> bool:
        return rate > 0 and self._rng.random() < rate
