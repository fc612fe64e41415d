"""Actions on the network, through the proxies on the way."""

from __future__ import annotations

from typing import Any

from chaos.actions._perform import Configuration, perform_now
from chaos.faults.network import (
    NetworkBandwidth,
    NetworkBlackHole,
    NetworkCut,
    NetworkLatency,
    NetworkOneWay,
    NetworkReset,
    NetworkSlicer,
    NetworkSlowClose,
)


def network_latency(
    duration: float = 3.0,
    side: str = "redis",
    replica: str = "all",
    server: str = "all",
    latency_ms: int = 100,
    jitter_ms: int | None = None,
    configuration: Configuration = None,
) -> dict[str, Any]:
    """Answers come later."""
    return perform_now(
        NetworkLatency(
            duration=duration,
            side=side,
            replica=replica,
            server=server,
            latency_ms=latency_ms,
            jitter_ms=jitter_ms,
        )
    )


def network_bandwidth(
    duration: float = 3.0,
    side: str = "redis",
    replica: str = "all",
    server: str = "all",
    rate_kb: int = 20,
    configuration: Configuration = None,
) -> dict[str, Any]:
    """Few bytes a second come back."""
    return perform_now(
        NetworkBandwidth(
            duration=duration, side=side, replica=replica, server=server, rate_kb=rate_kb
        )
    )


def network_reset(
    duration: float = 3.0,
    side: str = "redis",
    replica: str = "all",
    server: str = "all",
    configuration: Configuration = None,
) -> dict[str, Any]:
    """Connections are reset."""
    return perform_now(NetworkReset(duration=duration, side=side, replica=replica, server=server))


def network_black_hole(
    duration: float = 3.0,
    side: str = "redis",
    replica: str = "all",
    server: str = "all",
    configuration: Configuration = None,
) -> dict[str, Any]:
    """Nothing comes through, and nobody is told."""
    return perform_now(
        NetworkBlackHole(duration=duration, side=side, replica=replica, server=server)
    )


def network_one_way(
    duration: float = 3.0,
    side: str = "redis",
    replica: str = "all",
    server: str = "all",
    configuration: Configuration = None,
) -> dict[str, Any]:
    """Requests arrive, answers do not."""
    return perform_now(NetworkOneWay(duration=duration, side=side, replica=replica, server=server))


def network_slow_close(
    duration: float = 3.0,
    side: str = "redis",
    replica: str = "all",
    server: str = "all",
    delay_ms: int = 1000,
    configuration: Configuration = None,
) -> dict[str, Any]:
    """Closed connections stay open on the other side."""
    return perform_now(
        NetworkSlowClose(
            duration=duration, side=side, replica=replica, server=server, delay_ms=delay_ms
        )
    )


def network_slicer(
    duration: float = 3.0,
    side: str = "redis",
    replica: str = "all",
    server: str = "all",
    size: int = 16,
    delay_us: int = 1000,
    configuration: Configuration = None,
) -> dict[str, Any]:
    """Answers come in small pieces."""
    return perform_now(
        NetworkSlicer(
            duration=duration,
            side=side,
            replica=replica,
            server=server,
            size=size,
            delay_us=delay_us,
        )
    )


def network_cut(
    duration: float = 3.0,
    side: str = "redis",
    replica: str = "all",
    server: str = "all",
    bytes: int = 4,
    configuration: Configuration = None,
) -> dict[str, Any]:
    """Connections are closed with answers in flight."""
    return perform_now(
        NetworkCut(duration=duration, side=side, replica=replica, server=server, bytes=bytes)
    )
