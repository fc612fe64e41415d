"""The switch of a model stand-in: it is told over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chaos.errors import ChaosError
from chaos.fleet.environment import MODEL_OVER_HTTP
from chaos.fleet.stand_in_control import StandInControl

_VERIFIED_S = 60.0
"""A fault is verified within this time, and then lasts as long as it is meant to."""
_LONGEST_S = 86_400.0
"""The stand-in takes no longer time."""


class StandInSwitch:
    """Sets the faults of the stand-in that answers all replicas."""

    capabilities = MODEL_OVER_HTTP

    def __init__(self, control: Callable[[], StandInControl]) -> None:
        """Nothing is sent.  `control` is asked at each use: a stand-in may get its address late."""
        self._control = control

    def apply(self, settings: Mapping[str, float], lasts_s: float | None = None) -> None:
        """The model has these faults from its next reply on.  Raises ChaosError.

        With `lasts_s` it returns to normal by itself a while later, should this process die.
        """
        ends = {} if lasts_s is None else {"expires_s": min(lasts_s + _VERIFIED_S, _LONGEST_S)}
        self._control().ask("POST", "faults", {**settings, **ends})

    def affected_replicas(self) -> frozenset[str]:
        """The replicas whose calls were hit since the last `apply`; `other`: calls of others.

        Raises ChaosError without a usable answer.
        """
        answer = self._control().ask("GET", "affected")
        if not isinstance(answer, list):
            raise ChaosError(f"the model stand-in must answer with a list, got {answer!r}")
        return frozenset(map(str, answer))

    def clear(self) -> None:
        """Restore the normal behaviour.  Raises ChaosError."""
        self._control().ask("POST", "faults", {})
