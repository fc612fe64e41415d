"""The kinds of keys in a Redis of the user's own, without a customer's name in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from redis import Redis

from chaos.fleet.redis_server import RedisServer
from harness.run.sampling import key_census
from harness.run.sampling.key_census import KeyCensus, kinds_of
from reports.measures.key_kinds import KEYS
from reports.records import FILES, RecordWriter, RunClock, Sample, from_json

RUN = "0123456789ab"


@pytest.mark.parametrize(
    ("names", "kinds"),
    [
        (["chat:4711", "chat:4712"], {"chat:*"}),
        (["{shop:c1}:log", "{shop:c1}:meta"], {"{shop:*}:log", "{shop:*}:meta"}),
        (["index", "cart:a@b.in", "cart:7f3c-11"], {"index", "cart:*.in", "cart:*"}),
        (["9c0b1c52-8d2e-4c1a-b0b7-7c2b9a8f3e11"], {"*"}),
        ([f"user:{'abcdefghijklmnopqrst'[n:]}" for n in range(20)], {"user:*"}),
    ],
)
def test_the_parts_of_a_name_that_vary_are_left_out(names: list[str], kinds: set[str]) -> None:
    assert set(kinds_of([name.encode() for name in names]).values()) == kinds


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with closing(RedisServer("bundled", tmp_path / "redis")) as started:
        started.start()
        started.wait_ready()
        yield started
    assert started.wait_ended(30)


def counted(census: KeyCensus, tmp_path: Path) -> dict[str, dict[str, float]]:
    with RecordWriter(tmp_path) as records:
        census.write(records, RunClock(0.0))
    path = tmp_path / FILES[Sample]
    lines = path.read_bytes().splitlines() if path.exists() else []
    samples = [from_json(Sample, line) for line in lines]
    return {sample.source.removeprefix(KEYS): sample.values for sample in samples}


@pytest.mark.service
def test_the_keys_of_turns_and_those_of_others_are_told_apart(
    tmp_path: Path, server: RedisServer
) -> None:
    with Redis.from_url(server.url) as client:
        client.set("cart:1", "theirs")
        census = KeyCensus(lambda: [server.url], RUN)
        client.set("memo:1", "of the rehearsal")
        client.rpush("log", "x")
        census.rehearsed()
        client.delete("memo:1")
        for number in range(2, 12):
            client.set(f"memo:{number}", "kept for good")
            client.set(f"batch:{number}", "somebody's", ex=600)
        client.set(f"chat-{RUN}-7:log", "of a session", ex=600)
        client.rpush("log", *["x" * 1000] * 40)
        found = counted(census, tmp_path)
    log = found.pop("log")
    assert log["bytes_left"] - log["bytes_before"] > 40_000
    sizes = {
        name: (values.pop("bytes_before"), values.pop("bytes_left"))
        for name, values in found.items()
    }
    assert all(left > 0 for _, left in sizes.values())
    assert {name for name, (before, _) in sizes.items() if before} == {"cart:*", "memo:*"}
    zero = dict.fromkeys(("first", "rehearsed", "before", "left", "own", "forever"), 0.0)
    assert found == {
        "cart:*": {**zero, "first": 1.0, "before": 1.0, "left": 1.0},
        "memo:*": {**zero, "rehearsed": 1.0, "before": 1.0, "left": 10.0, "forever": 10.0},
        "batch:*": {**zero, "left": 10.0},
        "*:log": {**zero, "left": 1.0, "own": 1.0},
    }


@pytest.mark.service
def test_a_redis_with_too_many_keys_is_left_alone(
    tmp_path: Path, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_census, "_MOST_KEYS", 3)
    with Redis.from_url(server.url) as client:
        census = KeyCensus(lambda: [server.url], RUN)
        census.rehearsed()
        client.mset({f"memo:{number}": "kept" for number in range(4)})
        assert counted(census, tmp_path) == {}
