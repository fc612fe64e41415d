"""Faults of the load: more customers come, or all of them reconnect at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from chaos.errors import ChaosError
from chaos.faults.base import Area
from chaos.faults.drawing import Drawing, NeverDrawn, between, seconds
from chaos.faults.parameter import parameter
from chaos.faults.targeted import LastingFault
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.waiting import holds_within
from reports.records import LoadMark
from reports.records.load_commands import LoadCommand, SpikeCommand, StormCommand

_ANSWER_TIMEOUT_S = 10.0
_HEAD_START_S = 0.5
"""The time from an order to the first arrival of its spike."""
_MOST_TIMES = 100.0
_LONGEST_S = 3600.0


@dataclass
class _LoadFault(LastingFault):
    area: ClassVar[Area] = "load"
    always_needs: ClassVar[frozenset[str]] = frozenset({"load"})

    _seed: int = field(default=0, init=False, repr=False)
    _order: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.duration <= _LONGEST_S:
            raise ValueError(
                f"duration must be above 0, at most {_LONGEST_S:g} seconds, got {self.duration!r}"
            )

    @abstractmethod
    def _command(self) -> LoadCommand:
        """The command to the generator."""

    @abstractmethod
    def _obeyed(self, answers: Sequence[LoadMark]) -> bool | None:
        """Whether these answers confirm it; None: some are missing yet."""

    def aim(self, env: SystemUnderTest, rng: Random) -> str:
        """All customers; the fault's own seed draws which of them, and when."""
        self._seed = rng.getrandbits(48)
        return "customers"

    def inject(self, env: SystemUnderTest) -> None:
        """Tell the load generator."""
        self._order = env.load.tell(self._command())

    def verify(self, env: SystemUnderTest) -> bool:
        """The load generator confirms it, and at least one customer is affected."""
        return holds_within(lambda: self._is_done(env), _ANSWER_TIMEOUT_S, cancelled=self.cancelled)

    def _is_done(self, env: SystemUnderTest) -> bool:
        answers = env.load.answers(self._order)
        if any(mark.mark == "order-refused" for mark in answers):
            raise ChaosError(f"the load generator refused {self.kind}: its log says why")
        obeyed = self._obeyed(answers)
        if obeyed is False:
            # At a low load no customer may be there at that moment, or none was drawn.
            self._seed += 1
            self.inject(env)
        return bool(obeyed)

    def heal(self, env: SystemUnderTest) -> None:
        """Nothing is broken: an order ends by itself."""


@dataclass
class LoadSpike(_LoadFault):
    """For `duration` seconds, `factor` times as many customers come as planned."""

    kind: ClassVar[str] = "load-spike"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(
        lambda rng, on: {"duration": between(rng, on, 1, 3), "factor": rng.choice((1.5, 2.0, 3.0))},
        2.0,
    )
    duration: float = 5.0
    factor: float = parameter(3.0, "how many times as much", "times")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.factor, int | float) or not 1 < self.factor <= _MOST_TIMES:
            raise ValueError(
                f"factor must be a number above 1, at most {_MOST_TIMES:g}, got {self.factor!r}"
            )

    def _command(self) -> LoadCommand:
        return SpikeCommand(seconds=self.duration, seed=self._seed, factor=self.factor)

    def _obeyed(self, answers: Sequence[LoadMark]) -> bool | None:
        # The gate validity.arrivals checks that they come: they belong to the plan now.
        planned = [mark.values["arrivals"] for mark in answers if mark.mark == "spike"]
        return planned[0] > 0 if planned else None

    def hold(self) -> None:
        """Let them come."""
        self.cancelled.wait(_HEAD_START_S + self.duration)


@dataclass
class ReconnectStorm(_LoadFault):
    """Every customer in a conversation is cut off, and all are back within `duration` seconds.

    Customers waiting for an answer ask again on coming back; those who were thinking speak then.
    """

    kind: ClassVar[str] = "reconnect-storm"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(seconds("duration", 0.5, 2), 3.0)
    duration: float = 2.0

    def _command(self) -> LoadCommand:
        return StormCommand(seconds=self.duration, seed=self._seed)

    def _obeyed(self, answers: Sequence[LoadMark]) -> bool | None:
        players = [mark.values["players"] for mark in answers if mark.mark == "storm"]
        cut = [mark.values["conversations"] for mark in answers if mark.mark == "storm-cut"]
        return sum(cut) > 0 if players and len(cut) >= players[0] else None
