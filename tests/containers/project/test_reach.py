"""Where a container of a project answers, by its ports and its networks."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.containers.project import reach
from chaos.containers.project.reach import Address
from chaos.errors import ChaosConfigError
from chaos.fleet.project_plan import ServiceName

API = ServiceName("api")


def inspected(exposed: tuple[int, ...] = (8000,), **bound: list[tuple[str, str]]) -> dict[str, Any]:
    """A container with these ports; `bound` as p8000=[(address, port)]."""
    ports: dict[str, Any] = {f"{port}/tcp": None for port in exposed}
    for name, places in bound.items():
        ports[f"{name[1:]}/tcp"] = [{"HostIp": at, "HostPort": port} for at, port in places]
    return {
        "Config": {"ExposedPorts": {f"{port}/tcp": {} for port in exposed}},
        "NetworkSettings": {
            "Ports": ports,
            "Networks": {"web": {"IPAddress": "172.30.0.4"}, "off": {"IPAddress": ""}},
        },
    }


def test_the_port_inside_is_the_named_one_the_usual_one_or_the_only_one() -> None:
    assert reach.inside(inspected(), API, "agent") == 8000
    assert reach.inside(inspected((80, 9901)), ServiceName("api", 80), "agent") == 80
    assert reach.inside(inspected((6379, 16379)), API, "redis", usual=6379) == 6379
    assert reach.inside(inspected(()), API, "redis", usual=6379) == 6379
    with pytest.raises(ChaosConfigError, match=r"must be NAME:PORT.* name 80, 9901"):
        reach.inside(inspected((80, 9901)), API, "balancer")
    with pytest.raises(ChaosConfigError, match="name none"):
        reach.inside(inspected(()), API, "agent")


def test_a_port_that_is_published_everywhere_is_asked_on_loopback() -> None:
    container = inspected(p8000=[("::", "18000"), ("0.0.0.0", "18000")])
    assert reach.published(container, 8000) == Address("127.0.0.1", 18000)
    assert reach.published(inspected(), 8000) is None
    assert list(reach.on_networks(container, 8000)) == [Address("172.30.0.4", 8000)]


def test_load_goes_to_a_published_port_of_this_machine() -> None:
    at_home = inspected(p8000=[("127.0.0.1", "18000")])
    assert reach.door(at_home, 8000, API, authorised=False) == Address("127.0.0.1", 18000)
    with pytest.raises(ChaosConfigError, match="port 8000 must be published"):
        reach.door(inspected(), 8000, API, authorised=True)


def test_load_goes_to_an_address_that_is_not_loopback_only_when_authorised() -> None:
    outside = inspected(p8000=[("10.0.0.7", "80")])
    with pytest.raises(ChaosConfigError, match="only with --authorised"):
        reach.door(outside, 8000, API, authorised=False)
    assert reach.door(outside, 8000, API, authorised=True) == Address("10.0.0.7", 80)
