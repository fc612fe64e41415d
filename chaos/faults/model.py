"""The model is slow, fails, refuses, or breaks off."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from chaos.errors import ChaosError
from chaos.faults import replicas
from chaos.faults.base import Area
from chaos.faults.drawing import Drawing, NeverDrawn, between
from chaos.faults.parameter import parameter
from chaos.faults.synthetic_users import SyntheticUsers
from chaos.faults.targeted import LastingFault
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.waiting import holds_within

_GRACE_S = 0.5
"""Under load a customer is affected within this time."""
_POLL_S = 0.05
_HIT_TIMEOUT_S = 10.0
_MORE_PATIENCE_S = 20.0
"""Where no synthetic user can ask, a customer must be hit within this time."""


@dataclass
class _ModelFault(LastingFault):
    area: ClassVar[Area] = "model"
    always_needs: ClassVar[frozenset[str]] = frozenset({"model"})
    exclusive_setting: ClassVar[str | None] = "the model's faults"
    duration: float = 5.0

    @abstractmethod
    def _settings(self) -> Mapping[str, float]:
        """The settings of the model, as `chaos.fleet.environment.ModelSwitch` takes them."""

    def aim(self, env: SystemUnderTest, rng: Random) -> str:
        """The model of every replica."""
        return "model"

    def inject(self, env: SystemUnderTest) -> None:
        """Tell it."""
        env.model.apply(self._settings(), self.duration)

    def verify(self, env: SystemUnderTest) -> bool:
        """A reply was made worse: a customer's or, where none is hit, a synthetic user's."""
        if self._hit(env, _GRACE_S):
            return True
        if not env.replicas:
            return self._hits_a_customer(env)
        up = replicas.running(env)
        if not up:
            raise ChaosError("no replica runs, so the model cannot be asked")
        with SyntheticUsers([each.port for each in up], env.app) as synthetic:
            if self._hit(env, _HIT_TIMEOUT_S):
                return True
        if self.cancelled.is_set():
            return False
        trouble = f"; the last trouble was: {synthetic.trouble}" if synthetic.trouble else ""
        raise ChaosError(
            f"{self.kind} hit no reply within {_HIT_TIMEOUT_S:g} s, of customers or of the "
            f"{synthetic.asked} that were asked for by the harness itself{trouble}"
        )

    def _hits_a_customer(self, env: SystemUnderTest) -> bool:
        """Whether a customer is hit at a target, of which no replica can be asked by itself."""
        if self._hit(env, _MORE_PATIENCE_S):
            return True
        if self.cancelled.is_set():
            return False
        raise ChaosError(
            f"{self.kind} hit no reply of customers within {_MORE_PATIENCE_S:g} s; the target's "
            "agent must call the stand-in for its model"
        )

    def _hit(self, env: SystemUnderTest, seconds: float) -> bool:
        """Whether a reply was made worse, after at most this many seconds."""

        def hit() -> bool:
            return bool(env.model.affected_replicas())

        return holds_within(hit, seconds, poll=_POLL_S, cancelled=self.cancelled)

    def heal(self, env: SystemUnderTest) -> None:
        """Restore the normal behaviour."""
        env.model.clear()


@dataclass
class SlowModel(_ModelFault):
    """Everything that the model does takes `factor` times as long."""

    kind: ClassVar[str] = "slow-model"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(
        lambda rng, on: {"duration": between(rng, on, 1, 3), "factor": rng.choice((3, 5, 10))}, 2.0
    )
    factor: float = parameter(10.0, "how many times as much", "times")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.factor, int | float) or not 1 < self.factor <= 1000:
            raise ValueError(f"factor must be a number above 1, at most 1000, got {self.factor!r}")

    def _settings(self) -> Mapping[str, float]:
        return {"latency_factor": self.factor}


@dataclass
class _Failing(_ModelFault):
    setting: ClassVar[str]
    rate: float = parameter(0.5, "which part of the model's replies", "share, above 0 to 1")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.rate, int | float) or not 0 < self.rate <= 1:
            raise ValueError(f"rate must be a number above 0, at most 1, got {self.rate!r}")

    def _settings(self) -> Mapping[str, float]:
        return {self.setting: self.rate}


_FAILING = Drawing(
    lambda rng, on: {
        "duration": between(rng, on, 1, 3),
        "rate": round(rng.uniform(0.1, 0.4), 1),
    },
    2.0,
)


@dataclass
class ModelErrors(_Failing):
    """The model answers with a server error."""

    kind: ClassVar[str] = "model-errors"
    drawing: ClassVar[Drawing | NeverDrawn] = _FAILING
    setting: ClassVar[str] = "error_rate"


@dataclass
class ModelRateLimit(_Failing):
    """The model refuses: too many requests."""

    kind: ClassVar[str] = "model-rate-limit"
    drawing: ClassVar[Drawing | NeverDrawn] = _FAILING
    setting: ClassVar[str] = "rate_limit_rate"


@dataclass
class ModelCutStreams(_Failing):
    """The model's reply breaks off in the middle."""

    kind: ClassVar[str] = "model-cut-streams"
    setting: ClassVar[str] = "cut_rate"
    drawing: ClassVar[Drawing | NeverDrawn] = _FAILING


@dataclass
class ModelUnfinishedStreams(_Failing):
    """The model's stream ends in the middle as if it were complete: without a finish reason.

    No error tells it: an agent that does not look for the finish reason takes the half of a reply
    for the whole one.  A reply that is not streamed is not hit.
    """

    kind: ClassVar[str] = "model-unfinished-streams"
    always_needs: ClassVar[frozenset[str]] = frozenset({"model", "model-wire"})
    setting: ClassVar[str] = "unfinished_rate"
    drawing: ClassVar[Drawing | NeverDrawn] = _FAILING


@dataclass
class ModelGarbage(_Failing):
    """The model answers with something that is no JSON."""

    kind: ClassVar[str] = "model-garbage"
    always_needs: ClassVar[frozenset[str]] = frozenset({"model", "model-wire"})
    setting: ClassVar[str] = "garbage_rate"
    drawing: ClassVar[Drawing | NeverDrawn] = _FAILING
