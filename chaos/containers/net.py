"""The run's own network, with addresses that stay while a container is down."""

from __future__ import annotations

import ipaddress
import random
import time
from typing import Any

from docker.types import IPAMConfig, IPAMPool
from testcontainers.core.docker_client import DockerClient
from testcontainers.core.network import Network

from chaos.containers.docker_errors import REFUSALS, told
from chaos.errors import ChaosError

_TRIES = 20
_LONGEST_PAUSE_S = 0.3
_FIRST = 10
"""The host's own address and a few more stay free below."""


class RunNetwork:
    """A bridge with a chosen subnet: Docker pins an address only in such a network."""

    def __init__(self, labels: dict[str, str]) -> None:
        """Make it.  Raises ChaosError when there is no subnet left."""
        made, subnet = _create(labels)
        self.name = made.name
        self.docker: Any = _known_to_docker(made)
        """The network as docker-py knows it."""
        self._hosts = ipaddress.ip_network(subnet)
        self._given = _FIRST

    @property
    def gateway(self) -> str:
        """The address of the Docker host in the network."""
        (settings,) = self.docker.attrs["IPAM"]["Config"]
        return str(settings.get("Gateway") or self._hosts[1])

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
        except REFUSALS as error:
            # Another run took it in between: retry after a random pause.
            last = told(error)
            time.sleep(random.uniform(0.0, _LONGEST_PAUSE_S))
    raise ChaosError(f"no network for the run: {last}")


def _free_subnet(labels: dict[str, str]) -> str:
    """A subnet that Docker picks, so it is free here; it is then requested explicitly."""
    probe = Network(docker_network_kw={"labels": labels}).create()
    try:
        return str(_known_to_docker(probe).attrs["IPAM"]["Config"][0]["Subnet"])
    finally:
        probe.remove()


def _known_to_docker(network: Network) -> Any:
    return DockerClient().client.networks.get(network.id)
