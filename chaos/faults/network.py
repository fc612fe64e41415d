"""The network between replicas and Redis, or between the balancer and replicas, is disturbed."""

from __future__ import annotations

import secrets
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, ClassVar

from chaos import link_probe
from chaos.environment import Environment
from chaos.errors import ChaosError
from chaos.faults import redis_servers
from chaos.faults.aimed import LastingFault
from chaos.faults.attempts import do_all
from chaos.faults.replicas import check_name, names_of
from chaos.topologies.parts import wait_for

SIDES = ("redis", "balancer")
_CARRIES_S = 5.0
"""A link that is not disturbed may need so long for an answer, on a busy machine."""
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
    symptom: ClassVar[str] = "whole"
    """How a probe ends that meets it, as `chaos.link_probe.answer` says."""
    streams: ClassVar[tuple[str, ...]] = ("downstream",)
    side: str = "redis"
    replica: str = "all"
    server: str = "all"

    _name: str = field(
        default_factory=lambda: f"diya-{secrets.token_hex(4)}", init=False, repr=False
    )
    """This fault's own: another one on the same link has toxics of its own."""
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

    def check(self, env: Environment) -> None:
        """The links must exist."""
        needed = f"network-{self.side}"
        if needed not in env.capabilities:
            raise ValueError(
                f"{self.kind}: there is no proxy between the replicas and the {self.side}; "
                "expected local processes, with --proxy, and a Redis of our own"
            )
        links = env.network.links(self.side)
        if self._to_servers(env):
            if self.replica != "all":
                raise ValueError(
                    f"replica = {self.replica!r}: in a set of Redis servers links are theirs; "
                    f"expected all, and as server primary, replica or one of {', '.join(links)}"
                )
            if self.server != "all":
                redis_servers.check_ours(self.kind, self.server, env)
        elif self.server != "all":
            raise ValueError(
                f"server = {self.server!r}: expected all, or a set of Redis servers and side "
                f"redis; links here are the replicas', {names_of(env)}"
            )
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

    def require_well(self, env: Environment) -> None:
        """Every link carries."""
        do_all(partial(self._require_carrying, link, "before", env) for link in self._links)

    def inject(self, env: Environment) -> None:
        """Place the toxic on every link."""
        for link in self._links:
            for stream in self.streams:
                name = f"{self._name}-{stream}"
                # Remembered first: a proxy that did not answer may have placed it all the same.
                self._placed.append((link, name))
                values = {"name": name, "type": self.toxic, "stream": stream}
                env.network.add_toxic(link, {**values, "attributes": dict(self.attributes())})

    def verify(self, env: Environment) -> bool:
        """The toxic is on every link, and a probe through the first one meets it."""
        return self._placed_there(env) and self.met(env)

    def met(self, env: Environment) -> bool:
        """Whether a probe through the first link ends as it must."""
        _, answer = link_probe.answer(self._address(env), _ASK[self.side])
        return answer == self.symptom

    def heal(self, env: Environment) -> None:
        """Take the toxics away; a probe through every link is answered at once."""
        do_all(
            (
                *(partial(env.network.remove_toxic, *each) for each in self._placed),
                *(partial(self._require_healed, link, env) for link in self._links),
                partial(self._require_agreement, env),
            )
        )

    def _require_healed(self, link: str, env: Environment) -> None:
        if not env.network.toxics(link):  # else another fault goes on there, and looks at its end
            self._require_carrying(link, "after", env)

    def _require_carrying(self, link: str, when: str, env: Environment) -> None:
        _, answer = link_probe.answer(env.network.address(link), _ASK[self.side], _CARRIES_S)
        if answer != "whole":
            raise ChaosError(f"{link} does not carry {when} {self.kind}: {answer}")

    def _require_agreement(self, env: Environment) -> None:
        """Another server may have taken over meanwhile, and the one before must hear of it."""
        if self._to_servers(env):
            what = "the servers to agree on who takes the writes"
            wait_for(lambda: redis_servers.agreed(env), redis_servers.LOAD_TIMEOUT, what)

    def _address(self, env: Environment) -> tuple[str, int]:
        """Where the first link is: what is true of it is taken for all."""
        return env.network.address(self._links[0])

    def _placed_there(self, env: Environment) -> bool:
        there = {link: {e["name"] for e in env.network.toxics(link)} for link in self._links}
        return bool(self._placed) and all(name in there[link] for link, name in self._placed)

    def _slow_by(self, env: Environment, size: int, expected: float) -> bool:
        """Whether so many bytes from Redis take half as long as expected, or longer.

        What is too short to be told from chance, and the few bytes that a replica answers a probe
        with, prove nothing: there it has to do that the link has the toxic.
        """
        if self.side != "redis" or expected < _SHORTEST_S:
            return True
        took = link_probe.echo(self._address(env), env.redis.url, size, 10 * expected + 5.0)
        return took is not None and took >= expected / 2

    def _to_servers(self, env: Environment) -> bool:
        return self.side == "redis" and not {"sentinel", "cluster"}.isdisjoint(env.capabilities)


def _count(name: str, value: Any, least: int) -> None:
    if type(value) is not int or value < least:
        raise ValueError(f"{name} = {value!r}: expected a whole number, at least {least}")


@dataclass
class NetworkLatency(NetworkFault):
    """Every answer comes `latency_ms` later, give or take `jitter_ms`.

    Without one it is a fifth of the latency, 20 ms at most.
    """

    kind: ClassVar[str] = "network-latency"
    toxic: ClassVar[str] = "latency"
    latency_ms: int = 100
    jitter_ms: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _count("latency_ms", self.latency_ms, 1)
        _count("jitter_ms", self._jitter, 0)
        if self._jitter >= self.latency_ms:
            raise ValueError(
                f"jitter_ms = {self.jitter_ms}: expected less than latency_ms, {self.latency_ms}"
            )

    def attributes(self) -> Mapping[str, int]:
        """In milliseconds."""
        return {"latency": self.latency_ms, "jitter": self._jitter}

    def met(self, env: Environment) -> bool:
        """The answer came, and late; or so late that nobody waits for it here."""
        least, most = ((self.latency_ms + sign * self._jitter) / 1000 for sign in (-1, 1))
        patience = link_probe.PATIENCE_S + min(most, _CARRIES_S)
        took, answer = link_probe.answer(self._address(env), _ASK[self.side], patience)
        return took >= least if answer == "whole" else answer == "silence" and most > patience

    @property
    def _jitter(self) -> int:
        return min(20, self.latency_ms // 5) if self.jitter_ms is None else self.jitter_ms


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

    def met(self, env: Environment) -> bool:
        """What would take a third of a second at this rate takes its time."""
        size = min(_MOST_BYTES, 300 * self.rate_kb)
        return self._slow_by(env, size, size / (1000 * self.rate_kb))


@dataclass
class NetworkReset(NetworkFault):
    """Connections are reset, those that are made too."""

    kind: ClassVar[str] = "network-reset"
    toxic: ClassVar[str] = "reset_peer"
    symptom: ClassVar[str] = "reset"

    def attributes(self) -> Mapping[str, int]:
        """At once."""
        return {"timeout": 0}


@dataclass
class NetworkBlackHole(NetworkFault):
    """Nothing comes through either way, and nobody is told."""

    kind: ClassVar[str] = "network-black-hole"
    toxic: ClassVar[str] = "timeout"
    symptom: ClassVar[str] = "silence"
    streams: ClassVar[tuple[str, ...]] = ("upstream", "downstream")

    def attributes(self) -> Mapping[str, int]:
        """The connections stay open."""
        return {"timeout": 0}


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

    def met(self, env: Environment) -> bool:
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

    def met(self, env: Environment) -> bool:
        """A hundred pieces take the time of a hundred pauses."""
        size = min(_MOST_BYTES, 100 * self.size)
        return self._slow_by(env, size, size / self.size * self.delay_us / 1e6)


@dataclass
class NetworkCut(NetworkFault):
    """Each connection is closed after `bytes` of answers, with the rest in flight."""

    kind: ClassVar[str] = "network-cut"
    toxic: ClassVar[str] = "limit_data"
    symptom: ClassVar[str] = "closed"
    bytes: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        _count("bytes", self.bytes, 0)

    def attributes(self) -> Mapping[str, int]:
        """In bytes."""
        return {"bytes": self.bytes}

    def met(self, env: Environment) -> bool:
        """A probe is cut, or has too short an answer to be."""
        return self.bytes > 16 or super().met(env)
