"""A container is taken off its network: it runs on, and nobody hears from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from chaos.environment import Environment
from chaos.faults.aimed import RedisFault, ReplicaFault


@dataclass
class DisconnectReplica(ReplicaFault):
    """A replica reaches nobody and nobody reaches it, for `duration` seconds."""

    kind: ClassVar[str] = "disconnect-replica"
    needs: ClassVar[frozenset[str]] = frozenset({"disconnect"})

    _who: str | None = field(default=None, init=False, repr=False)

    def inject(self, env: Environment) -> None:
        """Off the network; its connections are not closed, nothing comes through them."""
        self._who = self.victim.identity
        env.box(self.victim.name).disconnect()

    def verify(self, env: Environment) -> bool:
        """It runs, is on no network, and does not answer."""
        off = not env.box(self.victim.name).connected
        return off and self.victim.running and not self.victim.ready()

    def heal(self, env: Environment) -> None:
        """Back on the network, at its old address, and ready."""
        if self._victim is not None:
            env.box(self._victim.name).reconnect()
        super().heal(env)

    def verify_healed(self, env: Environment) -> bool:
        """It is the same one: it was not restarted."""
        return self.victim.identity == self._who


@dataclass
class DisconnectRedis(RedisFault):
    """Redis reaches nobody and nobody reaches it, for `duration` seconds."""

    kind: ClassVar[str] = "disconnect-redis"
    needs: ClassVar[frozenset[str]] = frozenset({"disconnect"})

    _who: str | None = field(default=None, init=False, repr=False)

    def inject(self, env: Environment) -> None:
        """Off the network; its connections are not closed, nothing comes through them."""
        self._who = self.victim.identity
        env.box(self.victim.name).disconnect()

    def verify(self, env: Environment) -> bool:
        """It runs, is on no network, and does not answer."""
        off = not env.box(self.victim.name).connected
        return off and self.victim.running and not self.victim.answers()

    def heal(self, env: Environment) -> None:
        """Back on the network, at its old address, and answering."""
        if self._server is not None:
            env.box(self._server.name).reconnect()
        super().heal(env)

    def verify_healed(self, env: Environment) -> bool:
        """It is the same one: it was not restarted."""
        return self.victim.identity == self._who
