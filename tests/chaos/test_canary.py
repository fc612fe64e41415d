"""The canary: what a server itself loses, told apart from what a service loses."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from chaos.canary import Canary
from chaos.errors import ChaosError
from chaos.redis_server import RedisServer, connect


def killed_after_a_song(server: RedisServer, *, rewritten: bool) -> tuple[Canary, float]:
    """A canary whose server was killed and restarted, and when it began to sing."""
    server.start()
    server.wait_ready()
    canary = Canary(server.url)
    begun = time.monotonic()
    canary.start()
    time.sleep(0.3)  # a song of some length, not a condition to be awaited
    if rewritten:
        with connect(server.url) as client:
            client.config_set("appendonly", "no")
    time.sleep(0.3)
    server.kill()
    canary.stop()
    server.start()
    server.wait_ready()
    return canary, begun


def ended(server: RedisServer) -> None:
    server.close()
    assert server.wait_ended(3.0)


def test_a_server_that_kept_everything_lost_nothing(tmp_path: Path) -> None:
    server = RedisServer("bundled", tmp_path / "redis", aof="always")
    try:
        canary, begun = killed_after_a_song(server, rewritten=False)
        assert canary.lost_since([server.url]) is None
        assert canary.last_sung is not None
        assert canary.last_sung > begun
        with connect(server.url) as client:
            assert client.dbsize() == 0, "the canary left a key"
    finally:
        ended(server)


def test_a_server_that_stopped_to_persist_is_found_out_to_the_moment(tmp_path: Path) -> None:
    server = RedisServer("bundled", tmp_path / "redis", aof="always")
    try:
        canary, begun = killed_after_a_song(server, rewritten=True)
        lost_since = canary.lost_since([server.url])
        assert lost_since is not None
        assert 0.25 < lost_since - begun < 1.5
    finally:
        ended(server)


def test_a_server_that_is_gone_cannot_be_asked(tmp_path: Path) -> None:
    server = RedisServer("bundled", tmp_path / "redis")
    server.start()
    server.wait_ready()
    canary = Canary(server.url)
    ended(server)
    with pytest.raises(ChaosError, match="no primary"):
        canary.lost_since([server.url])
