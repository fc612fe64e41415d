"""The numbers that the Redis probe reports are correct."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from redis import Redis

from chaos.fleet.redis_server import RedisServer
from harness.run.sampling.redis_probe import RedisProbe, signed
from reports.records import Sample, from_json, to_json


@pytest.mark.parametrize(
    ("told", "value"), [(0, 0.0), (1_458_176, 1_458_176.0), (2**64 - 2048, -2048.0)]
)
def test_a_difference_below_zero_does_not_become_a_huge_number(told: int, value: float) -> None:
    sample = Sample(1.0, "redis", {"used_memory_dataset": signed(told)})
    assert from_json(Sample, to_json(sample)).values["used_memory_dataset"] == value


@pytest.mark.service
def test_the_probe_does_not_count_its_own_traffic(tmp_path: Path) -> None:
    with closing(RedisServer("bundled", tmp_path / "redis")) as server:
        server.start()
        server.wait_ready()
        probe = RedisProbe(lambda: [server.url])
        first, idle = probe.read(), probe.read()
        client = Redis.from_url(server.url)
        for number in range(200):
            client.set(f"key-{number}", "x" * 100)
        busy = probe.read()
        client.close()
    assert server.wait_ended(30)
    assert idle["reads"] - first["reads"] == 0
    assert abs(idle["net_bytes"] - first["net_bytes"]) < 100
    # The connection of the client says hello in a few reads.
    assert 200 <= busy["reads"] - idle["reads"] <= 210
    # SET key value and its +OK: about 150 bytes.
    assert 200 * 140 <= busy["net_bytes"] - idle["net_bytes"] <= 200 * 170


@pytest.mark.service
def test_keys_of_other_databases_are_counted_apart(tmp_path: Path) -> None:
    with closing(RedisServer("bundled", tmp_path / "redis")) as server:
        server.start()
        server.wait_ready()
        ours = server.url.removesuffix("/0") + "/2"
        probe = RedisProbe(lambda: [ours])
        assert "other_keys" not in probe.read()
        for database, keys in ((0, 3), (2, 5), (15, 4)):
            with closing(Redis.from_url(f"{server.url.removesuffix('/0')}/{database}")) as client:
                client.mset({f"key-{number}": "x" for number in range(keys)})
        found = probe.read()
    assert server.wait_ended(30)
    assert (found["keys"], found["other_keys"]) == (5, 7)
