"""A deployment: replicas are drained and started again, one after the other."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from chaos.errors import ChaosError
from chaos.faults.base import Area, Fault, require_seconds
from chaos.faults.drawing import RESTART_S, Drawing, NeverDrawn
from chaos.faults.parameter import parameter
from chaos.faults.replicas import check_healthy, names_of, revive, revive_all, running
from chaos.fleet.environment import ReplicaNode, SystemUnderTest
from chaos.fleet.orchestrated import RolledOut

_ORDERLY = (0, -signal.SIGTERM, 128 + signal.SIGTERM)
"""uvicorn raises the signal again after a graceful end; shells and containers report 143."""


@dataclass
class RollingRestart(Fault):
    """SIGTERM `count` replicas in turn; the next goes when the last is back in the balancer.

    Pods are all replaced instead, by their Deployment's own rolling update.

    A replica that is not gone `drain_timeout` seconds after SIGTERM is killed, and the fault says
    so, since its turns were not drained.
    """

    kind: ClassVar[str] = "rolling-restart"
    area: ClassVar[Area] = "replica"
    always_needs: ClassVar[frozenset[str]] = frozenset({"terminate", "restart"})
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(
        lambda rng, on: {"count": rng.randint(1, min(3, on.replicas))}, 1.5, per_replica=RESTART_S
    )
    count: int = parameter(3, "how many are restarted", "replicas")
    drain_timeout: float = parameter(30.0, "how long the replica may take to end by itself", "s")

    _chosen: list[ReplicaNode] = field(default_factory=list, init=False, repr=False)
    _drained: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.count, int) or isinstance(self.count, bool) or self.count < 1:
            raise ValueError(f"count must be a whole number, at least 1, got {self.count!r}")
        require_seconds("drain_timeout", self.drain_timeout)

    def check(self, env: SystemUnderTest) -> None:
        """There must be this many replicas."""
        super().check(env)
        if self.count > len(env.replicas):
            raise ValueError(
                f"count must be at most {len(env.replicas)} ({names_of(env)}), got {self.count}"
            )

    def aim(self, env: SystemUnderTest, rng: Random) -> str:
        """Any `count` of those that run."""
        up = running(env)
        if len(up) < self.count:
            raise ChaosError(f"only {len(up)} replicas run: {self.count} were to be restarted")
        if isinstance(env, RolledOut):
            self._chosen = up
            return ",".join(replica.name for replica in up)
        self._chosen = rng.sample(up, self.count)
        return ",".join(replica.name for replica in self._chosen)

    def check_healthy(self, env: SystemUnderTest) -> None:
        """All of them run, are not frozen, and are ready."""
        check_healthy(self.kind, *self._chosen)

    def inject(self, env: SystemUnderTest) -> None:
        """Restart each in turn."""
        if isinstance(env, RolledOut):
            self._roll_out(env)
            return
        for replica in self._chosen:
            if self.cancelled.is_set():
                raise ChaosError(f"stopped after {self._drained} of {self.count} replicas")
            old = replica.identity
            if old is None:
                raise ChaosError(f"{replica.name} does not run: it cannot be drained")
            if not replica.terminate(self.drain_timeout):
                replica.kill()
                raise ChaosError(
                    f"{replica.name} was not drained {self.drain_timeout:g} s after SIGTERM "
                    "and was killed"
                )
            if replica.exit_code not in _ORDERLY:
                raise ChaosError(f"{replica.name} ended with code {replica.exit_code} on SIGTERM")
            revive(replica)
            if replica.identity == old:
                raise ChaosError(f"{replica.name} is still {old} after its restart")
            env.wait_balanced()
            self._drained += 1

    def verify(self, env: SystemUnderTest) -> bool:
        """All were drained and started again."""
        return self._drained == (len(self._chosen) if isinstance(env, RolledOut) else self.count)

    def heal(self, env: SystemUnderTest) -> None:
        """Even after an interruption all chosen replicas are up and ready."""
        if isinstance(env, RolledOut) and self._chosen:
            env.wait_rolled_out()
        revive_all(self._chosen)

    def _roll_out(self, env: RolledOut) -> None:
        """Let the controller replace all of them, and count those that are gone."""
        old = [replica.identity for replica in self._chosen]
        env.roll_out(self.cancelled)
        self._drained = sum(
            before is not None and replica.identity != before
            for replica, before in zip(self._chosen, old, strict=True)
        )
        if self.cancelled.is_set():
            raise ChaosError(
                f"the run ended after {self._drained} of {len(self._chosen)} replicas; the rollout "
                "goes on by itself"
            )
