"""A loss is put down to the server or to the service, and a muted Redis sends no answers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from chaos.fleet.redis_client import connect
from chaos.fleet.redis_server import RedisServer
from tests.prove.judge import SERVERS_LOSS, Violation
from tests.prove.redis_kills import loss_windows, set_aside
from tests.prove.redis_proxy import RedisProxy


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer("bundled", tmp_path)
    server.start()
    server.wait_ready()
    yield server
    server.close()
    server.wait_ended(5)


def test_a_loss_began_after_the_last_plain_write_that_was_kept() -> None:
    ((start, end),) = loss_windows([1.0, 2.0, 6.0], [3.0, 4.0], [5.0, 9.0])
    assert start == 2.0
    assert 5.0 < end < 6.0


def test_a_death_that_cost_no_plain_write_excuses_nothing() -> None:
    assert loss_windows([1.0, 2.0], [], [5.0]) == []
    assert loss_windows([1.0, 6.0], [7.0], [5.0, 8.0])[0][0] == 6.0


def test_only_the_consequences_of_a_lost_write_are_the_servers_loss() -> None:
    kinds = ("lost", "duplicated", "other reply", "half-turn", "stuck", "forked")
    left = set_aside([Violation(kind, "") for kind in kinds])
    assert [each.kind for each in left] == ["duplicated", "half-turn", "forked", SERVERS_LOSS]
    assert set_aside([]) == []


@pytest.mark.service
def test_a_muted_redis_writes_but_its_answers_are_dropped(server: RedisServer) -> None:
    with RedisProxy(server.port, os.environ) as proxy, connect(server.url) as plain:
        proxied = server.url.replace(f":{server.port}/", f":{proxy.port}/")
        with connect(proxied, timeout=0.3) as client:
            client.set("heard", "1")
            proxy.mute()
            with pytest.raises(redis.TimeoutError):
                client.set("unheard", "1")
            assert plain.get("unheard") == "1"
            proxy.unmute()
            assert client.get("heard") == "1"
