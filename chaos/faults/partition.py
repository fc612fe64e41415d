"""The primary of a Sentinel set is cut off from its sentinels and replicas, not from customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chaos.errors import ChaosError
from chaos.faults.drawing import Drawing, NeverDrawn, seconds
from chaos.faults.redis_servers import require_primary, revive
from chaos.faults.targeted import RedisFault
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.redis_client import connect
from chaos.fleet.shapes import SENTINEL_SET
from chaos.fleet.topologies.sentinel import LINK_USER
from chaos.fleet.waiting import wait_for

_TAKEOVER_TIMEOUT_S = 30.0


@dataclass
class Partition(RedisFault):
    """Two primaries for a while: the old one, which customers still reach, and its successor.

    Sentinels and replicas log in to servers as a user of their own.  That user is shut out of the
    primary and its connections are cut; all other clients go on.  `duration` counts from the moment
    when the others have chosen a successor.
    """

    kind: ClassVar[str] = "partition"
    always_needs: ClassVar[frozenset[str]] = frozenset({"redis-config", SENTINEL_SET})
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(seconds("duration", 0.5, 2), 9.0)

    def check_healthy(self, env: SystemUnderTest) -> None:
        """It is healthy and the primary; a server that is cut off already is not."""
        super().check_healthy(env)
        require_primary(self.kind, self.victim, env)

    def inject(self, env: SystemUnderTest) -> None:
        """Shut the others out."""
        with connect(self.victim.url) as client:
            client.execute_command("ACL", "SETUSER", LINK_USER, "off")
            client.execute_command("CLIENT", "KILL", "USER", LINK_USER)

    def verify(self, env: SystemUnderTest) -> bool:
        """The others have chosen a successor, and the old primary still answers customers."""
        what = "a successor that the others have chosen"
        wait_for(lambda: self._succeeded(env), _TAKEOVER_TIMEOUT_S, what, self.cancelled)
        with connect(self.victim.url) as client:
            role = client.execute_command("ROLE")
        return bool(role[0] == "master")

    def heal(self, env: SystemUnderTest) -> None:
        """Reconnect it; the old primary becomes a replica and drops its writes since the cut."""
        revive(self.victim)  # a dead or frozen one accepts no connection
        with connect(self.victim.url) as client:
            client.execute_command("ACL", "SETUSER", LINK_USER, "on")
        super().heal(env)
        wait_for(lambda: self._follows(env), _TAKEOVER_TIMEOUT_S, "one primary, and only one")

    def _succeeded(self, env: SystemUnderTest) -> bool:
        try:
            names = [server.name for server in env.redis.primaries()]
        except ChaosError:
            return False
        return self.victim.name not in names

    def _follows(self, env: SystemUnderTest) -> bool:
        with connect(self.victim.url) as client:
            role = client.execute_command("ROLE")
        named = self.victim.name in [server.name for server in env.redis.primaries()]
        return bool((role[0] == "master") == named)
