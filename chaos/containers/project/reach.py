"""Where a container of a project answers: at its published port, or on its network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chaos.containers.project.finding import Inspected
from chaos.errors import ChaosConfigError
from chaos.fleet.ports import LOOPBACK
from chaos.fleet.project_plan import ServiceName
from reports.basics.addresses import is_loopback

_ANYWHERE = ("", "0.0.0.0")
_HOST = "host"


@dataclass(frozen=True)
class Address:
    """Host and port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def inside(container: Inspected, service: ServiceName, role: str, usual: int | None = None) -> int:
    """The port at which it answers inside: the named one, the usual one, or the only one.

    Raises ChaosConfigError where none of them says it.
    """
    if service.port is not None:
        return service.port
    exposed = sorted(
        int(each.partition("/")[0])
        for each in {
            *(container["Config"].get("ExposedPorts") or {}),
            *(container["NetworkSettings"].get("Ports") or {}),
        }
        if each.endswith("/tcp")
    )
    if usual in exposed or (usual is not None and not exposed):
        return usual
    if len(exposed) == 1:
        return exposed[0]
    has = ", ".join(map(str, exposed)) or "none"
    raise ChaosConfigError(
        f"--service {role}={service.name}: must be NAME:PORT, with the port in the container at "
        f"which it answers; its image and its file name {has}"
    )


def published(container: Inspected, port: int) -> Address | None:
    """Where Docker publishes a port of the container now, IPv4 first; None: nowhere."""
    bound = (container["NetworkSettings"].get("Ports") or {}).get(f"{port}/tcp") or ()
    found = [Address(each["HostIp"], int(each["HostPort"])) for each in bound]
    for at in found:
        if at.host in _ANYWHERE:
            return Address(LOOPBACK, at.port)
    plain = [at for at in found if ":" not in at.host]
    return plain[0] if plain else None


def on_networks(container: Inspected, port: int) -> Iterator[Address]:
    """Its addresses on its networks now."""
    for name, at in container["NetworkSettings"]["Networks"].items():
        if name == _HOST:
            yield Address(LOOPBACK, port)
        elif at.get("IPAddress"):
            yield Address(at["IPAddress"], port)


def door(container: Inspected, port: int, service: ServiceName, *, authorised: bool) -> Address:
    """Where the load goes in.

    Raises ChaosConfigError when the port is not published, or, without `authorised`, is published
    only at an address that is not loopback.
    """
    at = published(container, port)
    if at is None and _HOST in container["NetworkSettings"]["Networks"]:
        at = Address(LOOPBACK, port)
    if at is None:
        raise ChaosConfigError(
            f"service {service.name}: port {port} must be published in the compose file, as "
            f"ports: ['127.0.0.1:8080:{port}']; the load goes there"
        )
    if not authorised and not is_loopback(at.host):
        raise ChaosConfigError(
            f"service {service.name}: its port is published at {at}; load goes to an address that "
            "is not loopback only with --authorised, by which you say that you may"
        )
    return at
