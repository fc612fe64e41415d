"""The network between replicas and Redis, or between the balancer and replicas, is disturbed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar

from chaos import link_probe
from chaos.environment import Environment
from chaos.errors import ChaosError
from chaos.faults import redis_servers
from chaos.faults.aimed import LastingFault
from chaos.faults.replicas import check_name, names_of
from chaos.topologies.parts import wait_for

SIDES = ("redis", "balancer")
_TOXIC = "diya"
_SHORTEST_S = 0.04
_MOST_BYTES = 400_000
_LAST = {
    "redis": b"QUIT\r\n",
    "balancer": b"GET /livez HTTP/1.1\r\nHost: diya\r\nConnection: close\r\n\r\n",
}
"""Whoever answers these closes the connection."""
_ASK = {"redis": b"PING\r\n", "balancer": b"GET /livez HTTP/1.1\r\nHost: diya\r\n\r\n"}


@dataclass
class NetworkFault(LastingFault):
    """A toxic on the links of one replica, of a random one, or of all.

    In a Sentinel set or a cluster the links on the side of Redis are those to its servers, and
    `server` names one, or `primary`, or all: whoever talks to it is disturbed, customers, sentinels
    and its replicas alike.  (What the servers of a cluster tell each other goes another way.)
    """

    toxic: ClassVar[str]
    """Its type, as Toxiproxy names it."""
    streams: ClassVar[tuple[str, ...]] = ("downstream",)
    side: str = "redis"
    replica: str = "all"
    server: str = "all"

    _links: list[str] = field(default_factory=list, init=False, repr=False)
    _placed: list[tuple[str, str]] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_name(self.replica)
        redis_servers.check_name(self.server)
        if self.side not in SIDES:
            raise ValueError(f"side = {self.side!r}: expected {' or '.join(SIDES)}")

    @abstractmethod
    def attributes(self) -> Mapping[str, int]:
        """The toxic's, in Toxiproxy's units."""

    def felt(self, took: float, answer: str) -> bool:
        """Whether a probe that `took` so many seconds and ended as `answer` met the toxic.

        `answer` is `whole`, `silence`, `reset` or `closed`.
        """
        return answer != "whole"

    def check(self, env: Environment) -> None:
        """The links must exist."""
        needed = f"network-{self.side}"
        if needed not in env.capabilities:
            raise ValueError(
                f"{self.kind}: there is no proxy between the replicas and the {self.side}; "
                "expected local processes, with --proxy, and a Redis of our own"
            )
        if self._to_servers(env):
            if self.replica != "all":
                raise ValueError(
                    f"replica = {self.replica!r}: in a set of Redis servers links are theirs; "
                    "expected all, and one of them as server"
                )
            if self.server != "all":
                redis_servers.check_ours(self.kind, self.server, env)
        elif self.server != "all":
            raise ValueError(f"server = {self.server!r}: expected all, or a set of Redis servers")
        if self.replica not in {"all", "random", *env.replicas}:
            raise ValueError(f"replica = {self.replica!r}: expected all, random or {names_of(env)}")

    def aim(self, env: Environment, rng: Random) -> str:
        """The links, by name."""
        links = env.network.links(self.side)
        if self._to_servers(env) and self.server != "all":
            self._links = [links[redis_servers.choose(self.server, env, rng).name]]
            return self._links[0]
        chosen = rng.choice(list(links)) if self.replica == "random" else self.replica
        self._links = list(links.values()) if chosen == "all" else [links[chosen]]
        return ",".join(self._links)

    def inject(self, env: Environment) -> None:
        """Place the toxic on every link."""
        for link in self._links:
            for stream in self.streams:
                name = f"{_TOXIC}-{stream}"
                self._placed.append((link, name))
                values = {"name": name, "type": self.toxic, "stream": stream}
                env.network.add_toxic(link, {**values, "attributes": dict(self.attributes())})

    def verify(self, env: Environment) -> bool:
        """A probe through the first link meets it."""
        took, answer = link_probe.answer(self._address(env), _ASK[self.side])
        return self.felt(took, answer)

    def heal(self, env: Environment) -> None:
        """Take the toxics away; a probe through every link is answered at once."""
        for link, name in self._placed:
            env.network.remove_toxic(link, name)
        for link in self._links:
            _, answer = link_probe.answer(env.network.address(link), _ASK[self.side], 5.0)
            if answer != "whole":
                raise ChaosError(f"{link} does not carry after {self.kind}: {answer}")
        if self._to_servers(env):
            # Another server may have taken over meanwhile, and the one before must hear of it.
            what = "the servers to agree on who takes the writes"
            wait_for(lambda: redis_servers.agreed(env), redis_servers.LOAD_TIMEOUT, what)

    def _address(self, env: Environment) -> tuple[str, int]:
        """Where the first link is: what is true of it is taken for all."""
        return env.network.address(self._links[0])

    def _placed_there(self, env: Environment) -> bool:
        return self.toxic in [each["type"] for each in env.network.toxics(self._links[0])]

    def _slow_by(self, env: Environment, size: int, expected: float) -> bool:
        """Whether so many bytes from Redis take half as long as expected, or longer.

        What is too short to be told from chance, and the few bytes that a replica answers a probe
        with, prove nothing: there it has to do that the link has the toxic.
        """
        if self.side != "redis" or expected < _SHORTEST_S:
            return self._placed_there(env)
        took = link_probe.echo(self._address(env), env.redis.url, size, 10 * expected + 5.0)
        return took is not None and took >= expected / 2

    def _to_servers(self, env: Environment) -> bool:
        return self.side == "redis" and not {"sentinel", "cluster"}.isdisjoint(env.capabilities)


def _count(name: str, value: Any, least: int) -> None:
    if type(value) is not int or value < least:
        raise ValueError(f"{name} = {value!r}: expected a whole number, at least {least}")


@dataclass
class NetworkLatency(NetworkFault):
    """Every answer comes `latency_ms` later, give or take `jitter_ms`."""

    kind: ClassVar[str] = "network-latency"
    toxic: ClassVar[str] = "latency"
    latency_ms: int = 100
    jitter_ms: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        _count("latency_ms", self.latency_ms, 1)
        _count("jitter_ms", self.jitter_ms, 0)

    def attributes(self) -> Mapping[str, int]:
        """In milliseconds."""
        return {"latency": self.latency_ms, "jitter": self.jitter_ms}

    def felt(self, took: float, answer: str) -> bool:
        """It came, and late; or it did not come in time."""
        return took >= (self.latency_ms - self.jitter_ms) / 1000


@dataclass
class NetworkBandwidth(NetworkFault):
    """No more than `rate_kb` kilobytes a second come back."""

    kind: ClassVar[str] = "network-bandwidth"
    toxic: ClassVar[str] = "bandwidth"
    rate_kb: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        _count("rate_kb", self.rate_kb, 1)

    def attributes(self) -> Mapping[str, int]:
        """In kilobytes a second."""
        return {"rate": self.rate_kb}

    def verify(self, env: Environment) -> bool:
        """What would take a third of a second at this rate takes its time."""
        size = min(_MOST_BYTES, 300 * self.rate_kb)
        return self._slow_by(env, size, size / (1000 * self.rate_kb))


@dataclass
class NetworkReset(NetworkFault):
    """Connections are reset, those that are made too."""

    kind: ClassVar[str] = "network-reset"
    toxic: ClassVar[str] = "reset_peer"

    def attributes(self) -> Mapping[str, int]:
        """At once."""
        return {"timeout": 0}


@dataclass
class NetworkBlackHole(NetworkFault):
    """Nothing comes through either way, and nobody is told."""

    kind: ClassVar[str] = "network-black-hole"
    toxic: ClassVar[str] = "timeout"
    streams: ClassVar[tuple[str, ...]] = ("upstream", "downstream")

    def attributes(self) -> Mapping[str, int]:
        """The connections stay open."""
        return {"timeout": 0}

    def felt(self, took: float, answer: str) -> bool:
        """Silence."""
        return answer == "silence"


@dataclass
class NetworkOneWay(NetworkBlackHole):
    """What is sent arrives and is done; no answer comes back."""

    kind: ClassVar[str] = "network-one-way"
    streams: ClassVar[tuple[str, ...]] = ("downstream",)


@dataclass
class NetworkSlowClose(NetworkFault):
    """Connections that one side has closed stay open on the other for `delay_ms`."""

    kind: ClassVar[str] = "network-slow-close"
    toxic: ClassVar[str] = "slow_close"
    streams: ClassVar[tuple[str, ...]] = ("upstream", "downstream")
    delay_ms: int = 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        _count("delay_ms", self.delay_ms, 1)

    def attributes(self) -> Mapping[str, int]:
        """In milliseconds."""
        return {"delay": self.delay_ms}

    def verify(self, env: Environment) -> bool:
        """After a last answer the link stays open for the time."""
        delay = self.delay_ms / 1000
        took = link_probe.stays_open(self._address(env), _LAST[self.side], delay + 5.0)
        return took is not None and took >= delay / 2


@dataclass
class NetworkSlicer(NetworkFault):
    """What comes back comes in pieces of about `size` bytes, `delay_us` microseconds apart."""

    kind: ClassVar[str] = "network-slicer"
    toxic: ClassVar[str] = "slicer"
    size: int = 16
    delay_us: int = 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        _count("size", self.size, 1)
        _count("delay_us", self.delay_us, 0)

    def attributes(self) -> Mapping[str, int]:
        """In bytes and microseconds."""
        return {"average_size": self.size, "size_variation": 0, "delay": self.delay_us}

    def verify(self, env: Environment) -> bool:
        """A hundred pieces take the time of a hundred pauses."""
        size = min(_MOST_BYTES, 100 * self.size)
        return self._slow_by(env, size, size / self.size * self.delay_us / 1e6)


@dataclass
class NetworkCut(NetworkFault):
    """Each connection is closed after `bytes` of answers, with the rest in flight."""

    kind: ClassVar[str] = "network-cut"
    toxic: ClassVar[str] = "limit_data"
    bytes: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        _count("bytes", self.bytes, 0)

    def attributes(self) -> Mapping[str, int]:
        """In bytes."""
        return {"bytes": self.bytes}

    def verify(self, env: Environment) -> bool:
        """A probe is cut, or has too short an answer to be."""
        return self._placed_there(env) and (self.bytes > 16 or super().verify(env))
