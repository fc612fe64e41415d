"""The fleet's own database ends and comes back, or stops for a while."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from chaos.errors import ChaosError
from chaos.faults import preconditions
from chaos.faults.base import Area, Fault
from chaos.faults.drawing import Drawing, NeverDrawn, seconds
from chaos.faults.targeted import LastingFault, OutageFault
from chaos.fleet.environment import SystemUnderTest

_BACK_S = 60.0
"""Seconds in which a killed database must have recovered from its log."""
_END_S = 10.0


@dataclass
class DatabaseTarget(Fault):
    """Aims at the database."""

    area: ClassVar[Area] = "database"

    _before: str | None = field(default=None, init=False, repr=False)

    def aim(self, env: SystemUnderTest, rng: Random) -> str:
        """The only one."""
        return env.database.name

    def check_healthy(self, env: SystemUnderTest) -> None:
        """It runs, is not frozen, and answers."""
        preconditions.check(self.kind, env.database, env.database.answers, "to answer")

    def heal(self, env: SystemUnderTest) -> None:
        """It runs and takes connections, even if the fault stopped it."""
        if env.database.running:
            env.database.resume()
        else:
            env.database.start()
        env.database.wait_ready(_BACK_S)


@dataclass
class DatabaseOutage(DatabaseTarget, OutageFault):
    """The database ends, stays away for `downtime` seconds, and is started on its data."""

    always_needs: ClassVar[frozenset[str]] = frozenset({"database"})

    @abstractmethod
    def _end(self, env: SystemUnderTest) -> None:
        """End it.  Raises ChaosError."""

    def inject(self, env: SystemUnderTest) -> None:
        """Note which one runs, and end it."""
        self._before = env.database.identity
        self._end(env)

    def verify(self, env: SystemUnderTest) -> bool:
        """It is gone, and nothing answers at its port."""
        return not env.database.running and not env.database.answers()

    def verify_healed(self, env: SystemUnderTest) -> bool:
        """It is another process, and it answers."""
        return env.database.identity != self._before and env.database.answers()


@dataclass
class RestartDatabase(DatabaseOutage):
    """End PostgreSQL as `pg_ctl stop -m fast` does, as in an upgrade, and start it again.

    Open transactions are rolled back and connections are ended; the data is written first.
    """

    kind: ClassVar[str] = "restart-database"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(seconds("downtime", 0.1, 1.5), 2.5)

    def _end(self, env: SystemUnderTest) -> None:
        if not env.database.terminate(_END_S):
            raise ChaosError(f"{env.database.name} did not end within {_END_S:g} s")


@dataclass
class KillDatabase(DatabaseOutage):
    """SIGKILL to PostgreSQL and its backends; it recovers from its log when it is started.

    Each commit is on the disk before it is acknowledged, so an acknowledged turn that is missing
    afterwards is lost by the service.
    """

    kind: ClassVar[str] = "kill-database"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(seconds("downtime", 0.1, 1.5), 3.5)

    def _end(self, env: SystemUnderTest) -> None:
        env.database.kill()


@dataclass
class FreezeDatabase(DatabaseTarget, LastingFault):
    """SIGSTOP PostgreSQL and its backends, SIGCONT them `duration` seconds later."""

    kind: ClassVar[str] = "freeze-database"
    always_needs: ClassVar[frozenset[str]] = frozenset({"database"})
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(seconds("duration", 0.5, 3), 1.0)

    def inject(self, env: SystemUnderTest) -> None:
        """SIGSTOP."""
        self._before = env.database.identity
        env.database.freeze()

    def verify(self, env: SystemUnderTest) -> bool:
        """It is there, stopped, and does not answer."""
        return env.database.frozen and not env.database.answers()

    def verify_healed(self, env: SystemUnderTest) -> bool:
        """It is the same one, and it answers."""
        return env.database.identity == self._before and env.database.answers()
