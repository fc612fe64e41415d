"""Actions on the load: they need a run, whose load generator is told."""

from __future__ import annotations

from typing import Any

from chaos.actions._perform import Configuration, perform_now
from chaos.faults.load import LoadSpike, ReconnectStorm


def load_spike(
    duration: float = 5.0, factor: float = 3.0, configuration: Configuration = None
) -> dict[str, Any]:
    """For `duration` seconds, `factor` times as many customers come."""
    return perform_now(LoadSpike(duration=duration, factor=factor))


def reconnect_storm(duration: float = 2.0, configuration: Configuration = None) -> dict[str, Any]:
    """Every customer is cut off, and all are back within `duration` seconds."""
    return perform_now(ReconnectStorm(duration=duration))
