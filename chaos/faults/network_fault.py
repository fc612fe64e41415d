"""A toxic on links: the base of all network faults."""

from __future__ import annotations

import secrets
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import ClassVar

from chaos.errors import ChaosError
from chaos.faults import link_probe, redis_servers
from chaos.faults.base import Area
from chaos.faults.collect_errors import do_all
from chaos.faults.parameter import parameter
from chaos.faults.replicas import check_name, names_of
from chaos.faults.targeted import LastingFault
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.waiting import wait_for

SIDES = ("redis", "balancer")
CARRIES_S = 5.0
"""The longest time that an undisturbed link needs for an answer, on a busy machine."""
_SHORTEST_S = 0.04
ASK = {"redis": b"PING\r\n", "balancer": b"GET /livez HTTP/1.1\r\nHost: diya\r\n\r\n"}


@dataclass
class NetworkFault(LastingFault):
    """A toxic on the links of one replica, of a random one, or of all.

    In a Sentinel set or a cluster the links on the side of Redis are those to its servers, and
    `server` names one, or `primary`, or all: all its clients are disturbed, customers, sentinels
    and its replicas alike.  (The servers of a cluster talk to each other by another way.)
    """

    area: ClassVar[Area] = "network"
    toxic: ClassVar[str]
    """Its type, as Toxiproxy names it."""
    symptom: ClassVar[str] = "whole"
    """The outcome of a probe that meets it, as from `chaos.faults.link_probe.answer`."""
    streams: ClassVar[tuple[str, ...]] = ("downstream",)
    side: str = parameter("redis", "redis (replicas to Redis) or balancer (balancer to replicas)")
    replica: str = parameter("all", "whose links: all, random, or a replica, as r01")
    server: str = parameter(
        "all", "in a Sentinel set or a cluster: all, primary, replica, or a server"
    )

    _name: str = field(
        default_factory=lambda: f"diya-{secrets.token_hex(4)}", init=False, repr=False
    )
    """Belongs to this fault: another one on the same link has its own toxics."""
    _links: list[str] = field(default_factory=list, init=False, repr=False)
    _placed: list[tuple[str, str]] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_name(self.replica)
        redis_servers.check_name(self.server)
        if self.side not in SIDES:
            raise ValueError(f"side must be {' or '.join(SIDES)}, got {self.side!r}")

    @property
    def needs(self) -> frozenset[str]:
        """Proxies on its side."""
        return self.always_needs | {f"network-{self.side}"}

    @abstractmethod
    def attributes(self) -> Mapping[str, int]:
        """The toxic's, in Toxiproxy's units."""

    def check(self, env: SystemUnderTest) -> None:
        """The links must exist."""
        if not self.needs <= env.capabilities:
            raise ValueError(
                f"{self.kind}: there is no proxy between the replicas and the {self.side}; "
                "use local processes, with --proxy, and a Redis of diya's own"
            )
        links = env.network.links(self.side)
        if self._to_servers(env):
            if self.replica != "all":
                raise ValueError(
                    "replica must be all, and server must be primary, replica or one of "
                    f"{', '.join(links)}, got replica {self.replica!r}: in a set of Redis servers "
                    "the links belong to the servers"
                )
            if self.server != "all":
                redis_servers.check_ours(self.kind, self.server, env)
        elif self.server != "all":
            raise ValueError(
                "server must be all without a set of Redis servers and side redis, got "
                f"{self.server!r}: the links belong to the replicas, {names_of(env)}"
            )
        if self.replica not in {"all", "random", *env.replicas}:
            known = f"all, random or {names_of(env)}"
            raise ValueError(f"replica must be {known}, got {self.replica!r}")

    def aim(self, env: SystemUnderTest, rng: Random) -> str:
        """The links, by name."""
        links = env.network.links(self.side)
        if self._to_servers(env) and self.server != "all":
            self._links = [links[redis_servers.choose(self.server, env, rng).name]]
            return self._links[0]
        chosen = rng.choice(list(links)) if self.replica == "random" else self.replica
        self._links = list(links.values()) if chosen == "all" else [links[chosen]]
        return ",".join(self._links)

    def check_healthy(self, env: SystemUnderTest) -> None:
        """Every link carries."""
        do_all(partial(self._require_carrying, link, "before", env) for link in self._links)

    def inject(self, env: SystemUnderTest) -> None:
        """Place the toxic on every link."""
        for link in self._links:
            for stream in self.streams:
                name = f"{self._name}-{stream}"
                # Remembered first: a proxy that did not answer may still have placed it.
                self._placed.append((link, name))
                values = {"name": name, "type": self.toxic, "stream": stream}
                env.network.add_toxic(link, {**values, "attributes": dict(self.attributes())})

    def verify(self, env: SystemUnderTest) -> bool:
        """The toxic is on every link, and a probe through the first one meets it."""
        return self._placed_there(env) and self.met(env)

    def met(self, env: SystemUnderTest) -> bool:
        """Whether a probe through the first link ends as it must."""
        _, answer = link_probe.answer(self.address(env), ASK[self.side])
        return answer == self.symptom

    def heal(self, env: SystemUnderTest) -> None:
        """Take the toxics away; a probe through every link is answered at once."""
        do_all(
            (
                *(partial(env.network.remove_toxic, *each) for each in self._placed),
                *(partial(self._require_healed, link, env) for link in self._links),
                partial(self._require_agreement, env),
            )
        )

    def _require_healed(self, link: str, env: SystemUnderTest) -> None:
        if not env.network.toxics(link):  # else another fault goes on there, and checks at its end
            self._require_carrying(link, "after", env)

    def _require_carrying(self, link: str, when: str, env: SystemUnderTest) -> None:
        _, answer = link_probe.answer(env.network.address(link), ASK[self.side], CARRIES_S)
        if answer != "whole":
            raise ChaosError(f"{link} does not carry {when} {self.kind}: {answer}")

    def _require_agreement(self, env: SystemUnderTest) -> None:
        """Another server may have taken over meanwhile; the old primary must learn of it."""
        if self._to_servers(env):
            what = "the servers to agree on the primary"
            wait_for(lambda: redis_servers.agreed(env), redis_servers.LOAD_TIMEOUT, what)

    def address(self, env: SystemUnderTest) -> tuple[str, int]:
        """The address of the first link, which stands for all."""
        return env.network.address(self._links[0])

    def _placed_there(self, env: SystemUnderTest) -> bool:
        there = {link: {e["name"] for e in env.network.toxics(link)} for link in self._links}
        return bool(self._placed) and all(name in there[link] for link, name in self._placed)

    def slow_by(self, env: SystemUnderTest, size: int, expected: float) -> bool:
        """Whether this many bytes from Redis take half as long as expected, or longer.

        Delays too short to tell from chance, and a replica's short probe answers, prove nothing:
        there it must suffice that the link has the toxic.
        """
        if self.side != "redis" or expected < _SHORTEST_S:
            return True
        took = link_probe.echo(self.address(env), env.redis.url, size, 10 * expected + 5.0)
        return took is not None and took >= expected / 2

    def _to_servers(self, env: SystemUnderTest) -> bool:
        return self.side == "redis" and len(env.redis.servers) > 1
