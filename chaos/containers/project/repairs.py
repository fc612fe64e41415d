"""The state of a container before the run, and the repairs that bring it back to that state.

Both the harness and the guardian use these; each repair has the command that does the same by hand.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from chaos.containers.project.finding import Inspected


class Place(Struct, frozen=True):
    """A container's place on one network."""

    network: str
    """The id of the network."""
    name: str
    aliases: list[str] = []
    links: list[str] = []
    ipv4: str | None = None
    """The address that its file asks for; None: Docker chose it."""
    ipv6: str | None = None
    options: dict[str, str] = {}
    """Options of the network's driver."""


class Before(Struct, frozen=True, kw_only=True):
    """One container as it was before the run."""

    id: str
    name: str
    places: list[Place]
    memory: int
    """Limit in bytes; 0: none."""
    memory_and_swap: int
    """Limit in bytes; 0: none of its own, -1: none."""
    ending: str = ""
    """When the process was started that may be about to end; empty: none is told to."""


@dataclass(frozen=True)
class Repair:
    """One step back to the state before."""

    by_hand: str
    """The command that does the same."""
    do: Callable[[Any], None]
    """Does it with a client of Docker.  Raises one of `REFUSALS`."""


def before(container: Inspected) -> Before:
    """The state of a container that was just inspected."""
    host = container["HostConfig"]
    return Before(
        id=container["Id"],
        name=container["Name"].lstrip("/"),
        places=[_place(name, at) for name, at in container["NetworkSettings"]["Networks"].items()],
        memory=max(0, int(host.get("Memory") or 0)),
        memory_and_swap=int(host.get("MemorySwap") or 0),
    )


def _place(name: str, at: Inspected) -> Place:
    asked = at.get("IPAMConfig") or {}
    return Place(
        network=at["NetworkID"],
        name=name,
        aliases=list(at.get("Aliases") or ()),
        links=list(at.get("Links") or ()),
        ipv4=asked.get("IPv4Address") or None,
        ipv6=asked.get("IPv6Address") or None,
        options=dict(at.get("DriverOpts") or {}),
    )


def needed(was: Before, now: Inspected) -> list[Repair]:
    """The repairs of a container that was just inspected, in their order; empty: it is as it was.

    A container runs again at the end, after its networks and its limit are back.
    """
    state = now["State"]
    found = []
    if state["Paused"]:
        found.append(
            Repair(f"docker unpause {was.name}", lambda docker: docker.api.unpause(was.id))
        )
    found += networks(was, now)
    if max(0, int(now["HostConfig"].get("Memory") or 0)) != was.memory:
        found.append(memory(was))
    if not state["Running"]:
        found.append(Repair(f"docker start {was.name}", lambda docker: docker.api.start(was.id)))
    return found


def networks(was: Before, now: Inspected) -> list[Repair]:
    """The networks that it is not on any more."""
    on = now["NetworkSettings"]["Networks"]
    return [_connected(was, place) for place in was.places if place.name not in on]


def _connected(was: Before, place: Place) -> Repair:
    options = {
        "aliases": place.aliases,
        "links": [tuple(each.split(":", 1)) for each in place.links],
        "ipv4_address": place.ipv4,
        "ipv6_address": place.ipv6,
        "driver_opt": place.options,
    }
    given = {name: value for name, value in options.items() if value}

    def connect(docker: Any) -> None:
        docker.api.connect_container_to_network(was.id, place.network, **given)

    words = ["docker", "network", "connect", *_options(place), place.name, was.name]
    return Repair(shlex.join(words), connect)


def _options(place: Place) -> Iterator[str]:
    for alias in place.aliases:
        yield from ("--alias", alias)
    for link in place.links:
        yield from ("--link", link)
    if place.ipv4:
        yield from ("--ip", place.ipv4)
    if place.ipv6:
        yield from ("--ip6", place.ipv6)
    for name, value in place.options.items():
        yield from ("--driver-opt", f"{name}={value}")


def memory(was: Before) -> Repair:
    """The limit that its memory had."""
    # Docker takes 0 for "as it is" and -1 for "none".
    limit = was.memory or -1
    swap = was.memory_and_swap if was.memory else -1

    def update(docker: Any) -> None:
        docker.api.update_container(was.id, mem_limit=limit, memswap_limit=swap)

    return Repair(f"docker update --memory {limit} --memory-swap {swap} {was.name}", update)


def is_ending(was: Before, now: Inspected) -> bool:
    """Whether the process that was told to end is still there."""
    state = now["State"]
    return bool(was.ending and state["Running"] and state["StartedAt"] == was.ending)
