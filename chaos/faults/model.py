"""The model has a bad day: it is slow, fails, refuses, or breaks off."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from chaos.environment import Environment
from chaos.faults.aimed import LastingFault

_FELT_TIMEOUT_S = 10.0


@dataclass
class _Mood(LastingFault):
    needs: ClassVar[frozenset[str]] = frozenset({"model"})
    duration: float = 5.0

    @abstractmethod
    def _mood(self) -> Mapping[str, float]:
        """What the scripted model is told."""

    def aim(self, env: Environment, rng: Random) -> str:
        """The model of every replica."""
        return "model"

    def inject(self, env: Environment) -> None:
        """Tell it."""
        env.model.play(self._mood())

    def verify(self, env: Environment) -> bool:
        """A replica's model has answered a customer in this mood."""
        deadline = time.monotonic() + _FELT_TIMEOUT_S
        while not env.model.felt_by():
            if self.cancelled.is_set() or time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def heal(self, env: Environment) -> None:
        """As ever."""
        env.model.clear()


@dataclass
class SlowModel(_Mood):
    """Everything that the model does takes `factor` times as long."""

    kind: ClassVar[str] = "slow-model"
    factor: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.factor, int | float) or not 1 < self.factor <= 1000:
            raise ValueError(f"factor = {self.factor!r}: expected a number above 1, at most 1000")

    def _mood(self) -> Mapping[str, float]:
        return {"latency_factor": self.factor}


@dataclass
class _Failing(_Mood):
    mood: ClassVar[str]
    rate: float = 0.5
    """The share of the model's replies, above 0 to 1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.rate, int | float) or not 0 < self.rate <= 1:
            raise ValueError(f"rate = {self.rate!r}: expected a number above 0, at most 1")

    def _mood(self) -> Mapping[str, float]:
        return {self.mood: self.rate}


@dataclass
class ModelErrors(_Failing):
    """The model answers with a server error."""

    kind: ClassVar[str] = "model-errors"
    mood: ClassVar[str] = "error_rate"


@dataclass
class ModelRateLimit(_Failing):
    """The model refuses: too many requests."""

    kind: ClassVar[str] = "model-rate-limit"
    mood: ClassVar[str] = "rate_limit_rate"


@dataclass
class ModelCutStreams(_Failing):
    """The model's reply breaks off in the middle."""

    kind: ClassVar[str] = "model-cut-streams"
    mood: ClassVar[str] = "cut_rate"
