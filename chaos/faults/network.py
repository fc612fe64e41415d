"""The network between replicas and Redis, or between the balancer and replicas, is disturbed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from chaos.faults import link_probe
from chaos.faults.drawing import Drawing, NeverDrawn, links
from chaos.faults.network_fault import ASK, CARRIES_S, NetworkFault
from chaos.faults.parameter import parameter
from chaos.fleet.environment import SystemUnderTest

_MOST_BYTES = 400_000
_LAST = {
    "redis": b"QUIT\r\n",
    "balancer": b"GET /livez HTTP/1.1\r\nHost: diya\r\nConnection: close\r\n\r\n",
}
"""The server closes the connection after these commands."""


def _count(name: str, value: Any, least: int) -> None:
    if type(value) is not int or value < least:
        raise ValueError(f"{name} must be a whole number, at least {least}, got {value!r}")


@dataclass
class NetworkLatency(NetworkFault):
    """Every answer comes `latency_ms` later, give or take `jitter_ms`.

    Without one it is a fifth of the latency, 20 ms at most.
    """

    kind: ClassVar[str] = "network-latency"
    toxic: ClassVar[str] = "latency"
    drawing: ClassVar[Drawing | NeverDrawn] = links(
        lambda rng, _: {"latency_ms": rng.choice((50, 100, 200))}
    )
    latency_ms: int = parameter(100, "added to every answer", "ms")
    jitter_ms: int | None = parameter(
        None, "give or take; none: a fifth of latency_ms, 20 ms at most", "ms"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        _count("latency_ms", self.latency_ms, 1)
        _count("jitter_ms", self._jitter, 0)
        if self._jitter >= self.latency_ms:
            raise ValueError(
                f"jitter_ms must be less than latency_ms, {self.latency_ms}, got {self.jitter_ms}"
            )

    def attributes(self) -> Mapping[str, int]:
        """In milliseconds."""
        return {"latency": self.latency_ms, "jitter": self._jitter}

    def met(self, env: SystemUnderTest) -> bool:
        """The answer came late, or did not come within the probe's patience."""
        least, most = ((self.latency_ms + sign * self._jitter) / 1000 for sign in (-1, 1))
        patience = link_probe.PATIENCE_S + min(most, CARRIES_S)
        took, answer = link_probe.answer(self.address(env), ASK[self.side], patience)
        return took >= least if answer == "whole" else answer == "silence" and most > patience

    @property
    def _jitter(self) -> int:
        return min(20, self.latency_ms // 5) if self.jitter_ms is None else self.jitter_ms


@dataclass
class NetworkBandwidth(NetworkFault):
    """No more than `rate_kb` kilobytes a second come back."""

    kind: ClassVar[str] = "network-bandwidth"
    toxic: ClassVar[str] = "bandwidth"
    drawing: ClassVar[Drawing | NeverDrawn] = links(
        lambda rng, _: {"rate_kb": rng.choice((20, 50, 100))}
    )
    rate_kb: int = parameter(20, "the highest rate of answers", "kB/s")

    def __post_init__(self) -> None:
        super().__post_init__()
        _count("rate_kb", self.rate_kb, 1)

    def attributes(self) -> Mapping[str, int]:
        """In kilobytes a second."""
        return {"rate": self.rate_kb}

    def met(self, env: SystemUnderTest) -> bool:
        """An answer that needs a third of a second at this rate takes that time."""
        size = min(_MOST_BYTES, 300 * self.rate_kb)
        return self.slow_by(env, size, size / (1000 * self.rate_kb))


@dataclass
class NetworkReset(NetworkFault):
    """Connections are reset, new ones too."""

    kind: ClassVar[str] = "network-reset"
    toxic: ClassVar[str] = "reset_peer"
    symptom: ClassVar[str] = "reset"
    drawing: ClassVar[Drawing | NeverDrawn] = links(most=1.5)

    def attributes(self) -> Mapping[str, int]:
        """At once."""
        return {"timeout": 0}


@dataclass
class NetworkBlackHole(NetworkFault):
    """No byte passes in either direction, and no connection is closed."""

    kind: ClassVar[str] = "network-black-hole"
    toxic: ClassVar[str] = "timeout"
    symptom: ClassVar[str] = "silence"
    streams: ClassVar[tuple[str, ...]] = ("upstream", "downstream")
    drawing: ClassVar[Drawing | NeverDrawn] = links()

    def attributes(self) -> Mapping[str, int]:
        """The connections stay open."""
        return {"timeout": 0}


@dataclass
class NetworkOneWay(NetworkBlackHole):
    """Requests arrive and are served; no answer comes back."""

    kind: ClassVar[str] = "network-one-way"
    drawing: ClassVar[Drawing | NeverDrawn] = links()
    streams: ClassVar[tuple[str, ...]] = ("downstream",)


@dataclass
class NetworkSlowClose(NetworkFault):
    """Connections that one side has closed stay open on the other for `delay_ms`."""

    kind: ClassVar[str] = "network-slow-close"
    toxic: ClassVar[str] = "slow_close"
    streams: ClassVar[tuple[str, ...]] = ("upstream", "downstream")
    drawing: ClassVar[Drawing | NeverDrawn] = links()
    delay_ms: int = parameter(
        1000, "how long a closed connection stays open on the other side", "ms"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        _count("delay_ms", self.delay_ms, 1)

    def attributes(self) -> Mapping[str, int]:
        """In milliseconds."""
        return {"delay": self.delay_ms}

    def met(self, env: SystemUnderTest) -> bool:
        """After a last answer the link stays open for the time."""
        delay = self.delay_ms / 1000
        took = link_probe.stays_open(self.address(env), _LAST[self.side], delay + 5.0)
        return took is not None and took >= delay / 2


@dataclass
class NetworkSlicer(NetworkFault):
    """Answers come in pieces of about `size` bytes, `delay_us` microseconds apart."""

    kind: ClassVar[str] = "network-slicer"
    toxic: ClassVar[str] = "slicer"
    drawing: ClassVar[Drawing | NeverDrawn] = links()
    size: int = parameter(16, "of one piece", "bytes")
    delay_us: int = parameter(1000, "pause between two pieces", "µs")

    def __post_init__(self) -> None:
        super().__post_init__()
        _count("size", self.size, 1)
        _count("delay_us", self.delay_us, 0)

    def attributes(self) -> Mapping[str, int]:
        """In bytes and microseconds."""
        return {"average_size": self.size, "size_variation": 0, "delay": self.delay_us}

    def met(self, env: SystemUnderTest) -> bool:
        """A hundred pieces take the time of a hundred pauses."""
        size = min(_MOST_BYTES, 100 * self.size)
        return self.slow_by(env, size, size / self.size * self.delay_us / 1e6)


@dataclass
class NetworkCut(NetworkFault):
    """Each connection is closed after `bytes` of answers, with the rest in flight."""

    kind: ClassVar[str] = "network-cut"
    toxic: ClassVar[str] = "limit_data"
    symptom: ClassVar[str] = "closed"
    drawing: ClassVar[Drawing | NeverDrawn] = links(most=1.5)
    bytes: int = parameter(
        4, "how much of the answers passes before the connection is closed", "bytes"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        _count("bytes", self.bytes, 0)

    def attributes(self) -> Mapping[str, int]:
        """In bytes."""
        return {"bytes": self.bytes}

    def met(self, env: SystemUnderTest) -> bool:
        """A probe is cut, or has too short an answer to be."""
        return self.bytes > 16 or super().met(env)
