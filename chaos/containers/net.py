"""The run's own network, with addresses that stay while a container is down."""

from __future__ import annotations

import ipaddress
from typing import Any

from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool
from testcontainers.core.network import Network

from chaos.errors import ChaosError

_TRIES = 8
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
    last: APIError | None = None
    for _ in range(_TRIES):
        # Docker picks a subnet that collides with nothing here; the same one is then asked for by
        # name.  Another run may take it in between: then again.
        probe = Network(docker_network_kw={"labels": labels}).create()
        docker_network: Any = probe._network
        docker_network.reload()
        subnet = docker_network.attrs["IPAM"]["Config"][0]["Subnet"]
        probe.remove()
        pool = IPAMConfig(pool_configs=[IPAMPool(subnet=subnet)])
        try:
            network = Network(docker_network_kw={"labels": labels, "ipam": pool}).create()
        except APIError as error:
            last = error
            continue
        return network, str(subnet)
    raise ChaosError(f"no network for the run: {last}")
