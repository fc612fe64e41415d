"""The run's own network, with addresses that stay while a container is down."""

from __future__ import annotations

import ipaddress
import random
import time
from typing import Any

from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool
from testcontainers.core.network import Network

from chaos.errors import ChaosError

_TRIES = 20
_LONGEST_PAUSE_S = 0.3
_FIRST = 10
"""The host's own address and a few more stay free below."""


class RunNetwork:
    """A bridge with a subnet of our choice: Docker pins an address only in such a one."""

    def __init__(self, labels: dict[str, str]) -> None:
        """Make it.  Raises ChaosError when there is no subnet left."""
        self._tc, subnet = _create(labels)
        self.name = self._tc.name
        self._hosts = ipaddress.ip_network(subnet)
        self._given = _FIRST

    @property
    def docker(self) -> Any:
        """The network as docker-py knows it."""
        return self._tc._network

    def address(self) -> str:
        """The next free address."""
        self._given += 1
        return str(self._hosts[self._given])


def _create(labels: dict[str, str]) -> tuple[Network, str]:
    last = ""
    for _ in range(_TRIES):
        try:
            subnet = _free_subnet(labels)
            pool = IPAMConfig(pool_configs=[IPAMPool(subnet=subnet)])
            return Network(docker_network_kw={"labels": labels, "ipam": pool}).create(), subnet
        except APIError as error:
            # Another run took it in between: then again, not in step with that one.
            last = str(error.explanation)
            time.sleep(random.uniform(0.0, _LONGEST_PAUSE_S))
    raise ChaosError(f"no network for the run: {last}")


def _free_subnet(labels: dict[str, str]) -> str:
    """One that Docker picks: it collides with nothing here.  The same is then asked for by name."""
    probe = Network(docker_network_kw={"labels": labels}).create()
    try:
        docker_network: Any = probe._network
        docker_network.reload()
        return str(docker_network.attrs["IPAM"]["Config"][0]["Subnet"])
    finally:
        probe.remove()
