"""Every service is played with the same load and faults, and its result becomes a row."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import cast

import pytest

from chaos.experiment import reader
from chaos.fleet.postgres import Postgres
from harness import parser
from loadtests.profiles import profile
from reports.checks import run_checks
from reports.verdict.result import build
from tests.reports.gated import busy
from tests.versus_sessions import play as playing
from tests.versus_sessions.cpu_clock import CpuClock
from tests.versus_sessions.measured import Play
from tests.versus_sessions.play import (
    HERE,
    REPLICAS,
    STORES,
    NoVerdictError,
    StoreCosts,
    Storm,
    summary,
)
from tests.versus_sessions.services import BY_NAME, SERVICES, Service
from tests.versus_sessions.test_table import CALM


def test_all_services_get_the_same_words_but_for_the_service(tmp_path: Path) -> None:
    storm = Storm(seed=7, scale=0.5, out=tmp_path)
    told = set()
    for service in SERVICES:
        words = storm.arguments(service, REPLICAS)
        parser.build().parse_args(words)
        place = words.index("--sessions") + 1
        told.add((*words[:place], *words[place + 1 :]))
    assert len(told) == 1


def test_a_database_is_away_while_a_redis_would_be() -> None:
    redis, database = (reader.load(HERE / STORES[each]) for each in ("redis", "database"))
    assert [step.id for step in redis.faults] == ["kill-redis-1", "kill-redis-2"]
    assert [step.id for step in database.faults] == ["noop-1", "noop-2"]


def test_the_storm_outlives_its_ttl() -> None:
    loaded = profile.load(str(HERE / "storm.toml"))
    assert loaded.load_seconds > 5 * loaded.real_ttl_seconds


class _Noted:
    """A database that notes what is done to it."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def kill(self) -> None:
        self.done.append("killed")

    def start(self) -> None:
        self.done.append("started")

    def wait_ready(self) -> None:
        self.done.append("ready")


def test_the_database_is_killed_and_started_at_each_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "_DOWN_S", 0.0)
    noted = _Noted()
    said = io.StringIO(
        "faults begin\nnoop-1: begins at none\nnoop-1: over\nnoop-2: begins at none\n"
    )
    assert playing._follow(said, cast(Postgres, noted)) == "noop-2: begins at none"
    assert noted.done == ["killed", "started", "ready"] * 2


def test_the_summary_holds_violations_and_no_counts(tmp_path: Path) -> None:
    history = busy().history(tmp_path)
    result = json.loads(json.dumps(build(history, run_checks(history))))
    result["continuity"] |= {"half_turn": 3}
    found = summary(result, ["readiness"], 2, StoreCosts(0.001, 10.0, None))
    assert found.violations == {"half_turn": 3}
    assert found.verdict == result["verdict"]
    assert found.conversations == result["continuity"]["conversations_audited"]
    assert (found.tries, found.store_cpu_s, found.store_trips) == (2, 0.001, 10.0)
    assert found.store_bytes is None


def test_a_service_that_cannot_be_had_is_not_played(tmp_path: Path) -> None:
    (row,) = playing.play([BY_NAME["redis-developer"]], Storm(1, 1.0, tmp_path))
    assert row.calm is None
    assert "Agent Memory Server" in row.missing


def test_services_are_played_in_rounds_and_one_that_breaks_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []

    def sound(service: Service, _: Storm, experiment: str) -> Play:
        done.append((service.name, experiment))
        if service.name == "adk-redis":
            raise NoVerdictError("diya gave no verdict: no word")
        return CALM

    monkeypatch.setattr(playing, "_sound", sound)
    services = [BY_NAME[name] for name in ("adk-redis", "adk-memory", "adk-database")]
    broken, memory, database = playing.play(services, Storm(1, 1.0, tmp_path))
    assert done == [
        *(("adk-redis", "none"), ("adk-memory", "none"), ("adk-database", "none")),
        *(("adk-memory", "replicas.yaml"), ("adk-database", "replicas.yaml")),
        ("adk-database", "database.yaml"),
    ]
    assert (broken.missing, broken.calm) == ("diya gave no verdict: no word", None)
    assert memory.store is None
    assert database.store is not None


def test_the_clock_counts_spans_between_restarts_only() -> None:
    clock = CpuClock(None)
    clock.noted = [(float(t), 0.1 * t) for t in range(10)] + [(10.0, 0.0), (11.0, 0.3)]
    assert clock.used([(0.9, 3.1), (5.0, 6.0)]) == pytest.approx(0.3)
    assert clock.used([(8.0, 11.0)]) is None
    assert clock.used([(time.time(), time.time() + 1)]) is None
