"""The write probe: the losses of a server, told apart from those of a service."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from chaos.errors import ChaosError
from chaos.faults.write_probe import WriteProbe
from chaos.fleet.redis_client import connect
from chaos.fleet.redis_server import RedisServer
from chaos.fleet.topology import Topology

pytestmark = pytest.mark.service


def killed_after_writes(server: RedisServer, *, rewritten: bool) -> tuple[WriteProbe, float]:
    """A probe whose server was killed and restarted, and the moment when it began to write."""
    server.start()
    server.wait_ready()
    probe = WriteProbe(server.url)
    begun = time.monotonic()
    probe.start()
    time.sleep(0.3)  # some writes, not a condition to be awaited
    if rewritten:
        with connect(server.url) as client:
            client.config_set("appendonly", "no")
    time.sleep(0.3)
    server.kill()
    probe.stop()
    server.start()
    server.wait_ready()
    return probe, begun


def ended(server: RedisServer) -> None:
    server.close()
    assert server.wait_ended(30)


def test_a_server_that_kept_everything_lost_nothing(tmp_path: Path) -> None:
    server = RedisServer("bundled", tmp_path / "redis", aof="always")
    try:
        probe, begun = killed_after_writes(server, rewritten=False)
        assert probe.lost_since([server.url]) is None
        assert probe.last_ack is not None
        assert probe.last_ack > begun
        with connect(server.url) as client:
            assert client.dbsize() == 0, "the probe left a key"
    finally:
        ended(server)


def test_the_probe_finds_the_moment_at_which_a_server_stopped_to_persist(tmp_path: Path) -> None:
    server = RedisServer("bundled", tmp_path / "redis", aof="always")
    try:
        probe, begun = killed_after_writes(server, rewritten=True)
        lost_since = probe.lost_since([server.url])
        assert lost_since is not None
        assert 0.25 < lost_since - begun < 5.0
    finally:
        ended(server)


def test_a_server_that_is_gone_cannot_be_asked(tmp_path: Path) -> None:
    server = RedisServer("bundled", tmp_path / "redis")
    server.start()
    server.wait_ready()
    probe = WriteProbe(server.url)
    ended(server)
    with pytest.raises(ChaosError, match="no primary"):
        probe.lost_since([server.url])


def test_the_probe_never_has_a_key_without_a_ttl(tmp_path: Path) -> None:
    server = RedisServer("bundled", tmp_path / "redis")
    server.start()
    server.wait_ready()
    over = threading.Event()
    kept_for_good: list[int] = []
    watching = threading.Thread(
        target=watch_for_keys_without_ttl, args=(server, kept_for_good, over)
    )
    watching.start()
    try:
        for _ in range(20):
            probe = WriteProbe(server.url)
            probe.start()
            until_acknowledged(probe, since=None)
            with connect(server.url) as client:
                client.flushall()
            until_acknowledged(probe, since=time.monotonic())
            probe.stop()
    finally:
        over.set()
        watching.join(10)
        ended(server)
    assert len(kept_for_good) > 100, "nobody looked"
    assert max(kept_for_good) == 0


def watch_for_keys_without_ttl(
    server: RedisServer, found: list[int], over: threading.Event
) -> None:
    with connect(server.url) as client:
        while not over.is_set():
            keys = dict(client.info("keyspace")).get("db0", {"keys": 0, "expires": 0})
            found.append(keys["keys"] - keys["expires"])


def until_acknowledged(probe: WriteProbe, since: float | None) -> None:
    deadline = time.monotonic() + 30.0
    while probe.last_ack is None or probe.last_ack <= (since or 0.0):
        assert time.monotonic() < deadline, "no write was acknowledged"
        time.sleep(0.001)


def test_the_probe_writes_to_every_primary_of_a_cluster(tmp_path: Path) -> None:
    cluster = Topology("cluster").build("bundled", tmp_path, tmp_path / "logs", os.environ)
    try:
        cluster.start()
        cluster.wait_ready(30)
        for primary in cluster.primaries():
            probe = WriteProbe(primary.url)
            probe.start()
            until_acknowledged(probe, since=None)
            probe.stop()
            assert probe.lost_since([primary.url]) is None
    finally:
        cluster.close()
        assert cluster.wait_ended(30)
