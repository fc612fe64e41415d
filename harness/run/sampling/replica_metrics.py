"""Reads each replica's own `/metrics` every few seconds, independently of the other replicas.

A dead, frozen or overloaded replica answers slowly or not at all, so a thread for each replica
waits while the sampler goes on.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from prometheus_client.parser import text_string_to_metric_families

from chaos.fleet.http_probe import get

_EACH_S = 3.0
"""The replica reports the worst lag of its last five seconds, so no lag is missed (seconds)."""
_PATIENCE_S = 3.0
_JOIN_S = 0.5
_NAMES = {
    "diya_turns_in_flight": "in_flight",
    "diya_turns_in_flight_limit": "in_flight_limit",
    "diya_event_loop_lag_seconds": "loop_lag_s",
    "diya_model_calls_total": "model_calls",
    "diya_model_seconds_total": "model_s",
}

Write = Callable[[str, dict[str, float]], None]
"""Takes a source and its values."""


class Served(Protocol):
    """A replica that answers HTTP on a port of this machine."""

    @property
    def port(self) -> int:
        """The port."""


class ReplicaMetrics:
    """Threads that hand samples of the sources `service:<replica>` to `write`."""

    def __init__(self, replicas: Mapping[str, Served], write: Write) -> None:
        """Nothing is started."""
        self._write = write
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._follow, args=(name, replica), name=f"metrics-{name}", daemon=True
            )
            for name, replica in replicas.items()
        ]

    def start(self) -> None:
        """Begin to ask all of them."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop reading; a thread that waits for a silent replica is not joined."""
        self._stop.set()
        for thread in self._threads:
            thread.join(_JOIN_S if thread.is_alive() else 0.0)

    def _follow(self, name: str, replica: Served) -> None:
        while not self._stop.is_set():
            answer = get(replica.port, "/metrics", _PATIENCE_S)
            if answer is not None:
                values = read(answer[1].decode(errors="replace")) if answer[0] == 200 else {}
                if not values:
                    return  # another service, without these metrics
                if self._stop.is_set():
                    return
                try:
                    self._write(f"service:{name}", values)
                except OSError:
                    return  # the disk is full: the sampler reports it
            self._stop.wait(_EACH_S)


def read(text: str) -> dict[str, float]:
    """The values of a sample in the text of `/metrics`; empty without diya's metrics."""
    try:
        families = list(text_string_to_metric_families(text))
    except (ValueError, LookupError):
        return {}  # another service's page
    values = {}
    for sample in (sample for family in families for sample in family.samples):
        name = _NAMES.get(sample.name)
        if sample.name == "diya_turns_total":
            name = sample.labels.get("result")
        if name is not None and math.isfinite(sample.value):
            values[name] = float(sample.value)
    return values
