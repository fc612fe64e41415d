"""Plays a service with the storm: runs of `diya readiness`, and the database that they need."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from msgspec.structs import replace

from chaos.errors import ChaosError
from chaos.fleet.postgres import Postgres, folder_of
from reports.capacity.costs import load_spans
from reports.measures.cpu import work
from reports.measures.spans import Span, merged
from reports.records.history import History, read
from tests.calibrate import beside
from tests.versus_sessions import factories, traffic
from tests.versus_sessions.cpu_clock import CpuClock
from tests.versus_sessions.measured import Play, Row
from tests.versus_sessions.services import Service

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CALM, REPLICAS = "none", "replicas.yaml"
STORES = {"redis": "redis.yaml", "database": "database.yaml"}
"""The experiment that kills the store."""
REPLICAS_PLAYED = 3
_TIMEOUT_S = 300
_TRIES = 3
"""A busy machine can make a run prove nothing: it is made again with the same seed.  GO and NO-GO
are never asked again."""
_BEGINS = "noop-"
_DOWN_S = 1.0
"""A killed database is started after this time, as a killed Redis is."""
_LEAST_TURNS = 30.0


@dataclass(frozen=True, slots=True)
class Storm:
    """What is the same for all services."""

    seed: int
    scale: float
    out: Path
    """Where the runs are kept."""

    def arguments(self, service: Service, experiment: str) -> list[str]:
        """The words of `diya`, without the place of the runs."""
        here = HERE.relative_to(ROOT)
        return [
            "readiness",
            *("--profile", f"{here / 'storm.toml'}"),
            *("--experiment", experiment if experiment == CALM else f"{here / experiment}"),
            *("--sessions", service.sessions),
            *("--replicas", str(REPLICAS_PLAYED)),
            *("--seed", str(self.seed), "--scale", f"{self.scale:g}", "--no-rehearsal"),
        ]


class NoVerdictError(Exception):
    """A run broke; the message is its last line."""


def play(services: Sequence[Service], storm: Storm) -> tuple[Row, ...]:
    """Every service calm, then while replicas are killed, then while its store is.

    In rounds: a machine that is slower for some minutes is so for all services.
    """
    rows = {each.name: Row(name=each.name, missing=each.missing) for each in services}
    for round_ in ("calm", "replicas", "store"):
        for service in services:
            experiment = _experiment(service, round_)
            row = rows[service.name]
            if experiment is None or row.missing:
                continue
            try:
                found = _sound(service, storm, experiment)
            except (ChaosError, beside.NotToBeHadError, NoVerdictError) as error:
                rows[service.name] = Row(name=service.name, missing=str(error))
            else:
                rows[service.name] = replace(row, **{round_: found})
    return tuple(rows.values())


def _experiment(service: Service, round_: str) -> str | None:
    if round_ == "store":
        return None if service.store is None else STORES[service.store]
    return CALM if round_ == "calm" else REPLICAS


def _sound(service: Service, storm: Storm, experiment: str) -> Play:
    for attempt in range(1, _TRIES + 1):
        name = f"{service.name}-{experiment.removesuffix('.yaml')}-{attempt}"
        print(f"{time.strftime('%H:%M:%S')}  {name}", flush=True)
        out = storm.out / name
        shutil.rmtree(out, ignore_errors=True)  # a run of before is not this one
        found = _once(service, storm.arguments(service, experiment), out, attempt)
        print(f"          {found.verdict}: {found.headline}", flush=True)
        if found.verdict != "INCONCLUSIVE":
            break
    return found


def _once(service: Service, words: list[str], out: Path, attempt: int) -> Play:
    with _surroundings(service) as (env, postgres, counted), CpuClock(postgres) as clock:
        command = [sys.executable, "-m", "harness.cli", *words, "--out", str(out), "-v"]
        last = _run(command, {**os.environ, **env}, postgres)
        folders = [each.parent for each in out.glob("*/result.json")]
        if not folders:
            raise NoVerdictError(f"diya gave no verdict: {last}")
        history = read(folders[0])
        store = None if service.store == "redis" else _NOT_MEASURED
        if postgres is not None:
            store = _database(history, counted, clock)
    result = json.loads((folders[0] / "result.json").read_bytes())
    return summary(result, words, attempt, store)


@contextlib.contextmanager
def _surroundings(service: Service) -> Iterator[tuple[dict[str, str], Postgres | None, Path]]:
    """The variables of the replicas, the database, and the folder in which traffic is counted."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="diya-versus-")))
        env = {factories.SQLITE: str(folder / "sessions.db")}
        postgres = None
        if service.store == "database":
            postgres = Postgres(folder_of(secrets.token_hex(6)))
            stack.callback(postgres.close)
            postgres.start()
            postgres.wait_ready()
            env |= {factories.DATABASE: postgres.url, factories.TRAFFIC: str(folder / "traffic")}
        (folder / "traffic").mkdir()
        if service.beside is not None:
            variable, package = service.beside
            env[variable] = str(beside.python(package))
        yield env, postgres, folder / "traffic"


def _run(command: list[str], env: dict[str, str], postgres: Postgres | None) -> str:
    """Run diya to its end; the last line that it said.  Raises NoVerdictError when it hangs."""
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        watchdog = threading.Timer(_TIMEOUT_S, process.terminate)
        watchdog.start()
        try:
            assert process.stderr is not None
            return _follow(process.stderr, postgres)
        finally:
            watchdog.cancel()
            process.terminate()  # nothing where it has ended


def _follow(said: IO[str], postgres: Postgres | None) -> str:
    """Kill the database where the experiment marks it."""
    last = "no word"
    for line in said:
        last = line.strip() or last
        if postgres is not None and _BEGINS in line and ": begins at" in line:
            postgres.kill()
            time.sleep(_DOWN_S)
            postgres.start()
            postgres.wait_ready()
    return last


@dataclass(frozen=True, slots=True)
class StoreCosts:
    """A turn's."""

    cpu_s: float | None
    trips: float | None
    bytes: float | None


_NOT_MEASURED = StoreCosts(None, None, None)


def _database(history: History, counted: Path, clock: CpuClock) -> StoreCosts:
    spans = merged(load_spans(history))
    turns = work(history, spans)
    if turns < _LEAST_TURNS:
        return _NOT_MEASURED
    moments = [(history.run.origin + a, history.run.origin + b) for a, b in spans]
    cpu = clock.used(moments)
    trips, amount = _traffic(counted, moments)
    return StoreCosts(
        cpu_s=None if cpu is None else cpu / turns,
        trips=None if trips is None else trips / turns,
        bytes=None if amount is None else amount / turns,
    )


def _traffic(counted: Path, moments: list[Span]) -> tuple[int | None, int | None]:
    found = [traffic.between(counted, a, b) for a, b in moments]
    known = [each for each in found if each is not None]
    if not known or len(known) < len(found):
        return None, None
    return sum(each.trips for each in known), sum(each.bytes for each in known)


def summary(result: dict[str, Any], words: list[str], tries: int, store: StoreCosts | None) -> Play:
    """What the table shows of a `result.json`; `store`: the costs of a store that is no Redis."""
    kinds = result["continuity"]
    counts = ("conversations_audited", "turns_witnessed", "within_durability")
    failing = (gate["name"] for gate in result["gates"] if gate["status"] == "fail")
    latency = result["latency"]["steady"]
    others = (gate["value"] for gate in result["gates"] if gate["name"] == "validity.foreign_cpu")
    costs = result.get("costs") or {}
    own = store or StoreCosts(
        costs.get("redis_cpu_s_per_turn"),
        costs.get("redis_trips_per_turn"),
        costs.get("redis_bytes_per_turn"),
    )
    return Play(
        command=tuple(words),
        verdict=result["verdict"],
        headline=result["headline"],
        failing=tuple(dict.fromkeys(failing)),
        tries=tries,
        violations={kind: n for kind, n in kinds.items() if n and kind not in counts},
        turns=result["turns"]["ok"],
        failed=result["turns"]["failed"],
        moved=result["turns"]["moved"],
        conversations=kinds["conversations_audited"],
        outages=tuple(round(each["worst_outage_s"] or 0.0, 3) for each in result["faults"]),
        others_cpu=_rounded(_share(next(others, None))),
        steady_turns=latency["count"],
        p50_s=_rounded(latency["p50"]),
        p99_s=_rounded(latency["p99"]),
        replica_cpu_s=_rounded(costs.get("replica_cpu_s_per_turn")),
        store_cpu_s=_rounded(own.cpu_s),
        store_trips=_rounded(own.trips),
        store_bytes=_rounded(own.bytes),
        session_bytes=None if store else _rounded(costs.get("redis_bytes_per_session")),
    )


def _share(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
