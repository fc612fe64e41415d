"""The repairs of a container follow from its state before, and each has its command."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from chaos.containers.project import repairs
from chaos.containers.project.repairs import Before

MIB = 1024 * 1024


def inspected(**state: Any) -> dict[str, Any]:
    """A container of the user's, as Docker shows it."""
    return {
        "Id": "c0ffee",
        "Name": "/shop_api_1",
        "HostConfig": {"Memory": 600 * MIB, "MemorySwap": 900 * MIB},
        "State": {"Running": True, "Paused": False, "StartedAt": "10:00", **state},
        "NetworkSettings": {
            "Networks": {
                "shop_data": {
                    "NetworkID": "d1",
                    "Aliases": ["api", "c0ffee"],
                    "Links": ["shop_store_1:db"],
                    "IPAMConfig": {"IPv4Address": "172.30.0.9"},
                },
                "shop_web": {"NetworkID": "w1", "Aliases": None, "IPAMConfig": None},
            }
        },
    }


def commands(before: Before, now: dict[str, Any]) -> list[str]:
    """The commands that repair it."""
    return [each.by_hand for each in repairs.needed(before, now)]


def test_a_container_that_is_as_it_was_needs_nothing() -> None:
    assert commands(repairs.before(inspected()), inspected(StartedAt="11:00")) == []


def test_a_paused_and_a_stopped_container_go_on() -> None:
    before = repairs.before(inspected())
    assert commands(before, inspected(Paused=True)) == ["docker unpause shop_api_1"]
    assert commands(before, inspected(Running=False)) == ["docker start shop_api_1"]


def test_a_network_comes_back_with_its_names_and_its_fixed_address() -> None:
    before = repairs.before(inspected())
    now = inspected()
    del now["NetworkSettings"]["Networks"]["shop_data"]
    assert commands(before, now) == [
        "docker network connect --alias api --alias c0ffee --link shop_store_1:db "
        "--ip 172.30.0.9 shop_data shop_api_1"
    ]
    calls: list[Any] = []

    class Docker:
        api: Any

        def connect_container_to_network(self, *words: str, **more: Any) -> None:
            calls.append((words, more))

    docker = Docker()
    docker.api = docker
    repairs.needed(before, now)[0].do(docker)
    assert calls == [
        (
            ("c0ffee", "d1"),
            {
                "aliases": ["api", "c0ffee"],
                "links": [("shop_store_1", "db")],
                "ipv4_address": "172.30.0.9",
            },
        )
    ]


def test_a_limit_comes_back_before_the_container_runs_again() -> None:
    before = repairs.before(inspected())
    now = inspected(Running=False)
    now["HostConfig"] = {"Memory": 10 * MIB, "MemorySwap": 10 * MIB}
    assert commands(before, now) == [
        f"docker update --memory {600 * MIB} --memory-swap {900 * MIB} shop_api_1",
        "docker start shop_api_1",
    ]


def test_no_limit_is_the_same_however_docker_writes_it() -> None:
    free = inspected()
    free["HostConfig"] = {"Memory": 0, "MemorySwap": 0}
    before = repairs.before(free)
    now = copy.deepcopy(free)
    now["HostConfig"] = {"Memory": -1, "MemorySwap": -1}
    assert commands(before, now) == []
    now["HostConfig"]["Memory"] = 7 * MIB
    assert commands(before, now) == ["docker update --memory -1 --memory-swap -1 shop_api_1"]


def test_a_process_that_was_told_to_end_is_waited_for() -> None:
    ending = msgspec.structs.replace(repairs.before(inspected()), ending="10:00")
    assert repairs.is_ending(ending, inspected())
    assert not repairs.is_ending(ending, inspected(Running=False))
    assert not repairs.is_ending(ending, inspected(StartedAt="10:05"))


def test_the_state_goes_through_the_pipe_unchanged() -> None:
    before = repairs.before(inspected())
    assert msgspec.json.decode(msgspec.json.encode(before), type=Before) == before
