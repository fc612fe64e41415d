"""Causes made on purpose in real processes: a replica, a Redis, customers, and the run's sampler.

The sampler's records are judged as a run, and the diagnosis must name the cause.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.run.sampling.sampler import Sampler
from reports.checks import run_checks
from reports.diagnosis import Diagnosis, diagnoses
from reports.records import LoadMark, Outcome, RecordWriter, RunClock, TurnRecord
from reports.records.history import read
from tests.reports.a_run import SLO, Run
from tests.target_service.conftest import StartReplica
from tests.target_service.processes import RedisServer, Replica, body

pytestmark = [pytest.mark.service, pytest.mark.slow]

LIMIT_S = 0.3
"""So slow the steady state may be: the replicas here are slower on purpose."""
TURNS = 5
"""Of a conversation; then the customer begins another."""
PATIENCE_S = 20.0


@dataclass
class Observed:
    """A replica under load, as a run's sampler sees it."""

    run_dir: Path
    replica: Replica
    redis: RedisServer
    clock: RunClock = field(default_factory=lambda: RunClock(time.time()))
    pid: int = 0
    port: int = 0

    def __post_init__(self) -> None:
        self.pid, self.port = self.replica.process.pid, self.replica.http.base_url.port or 0

    def diagnosis(
        self,
        customers: int,
        enough: Callable[[], bool],
        meanwhile: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
        gate: str = "latency.steady_p99",
    ) -> Diagnosis:
        """Why the gate failed while so many customers talked, until there is `enough`."""
        over = threading.Event()
        self._write_run_json()
        with RecordWriter(self.run_dir) as records:
            records.write(LoadMark(self.clock.now(), "start", {"arrivals": 0.0}))
            sampler = Sampler(
                records,
                self.clock,
                lambda: [self.redis.uri],
                {"r01": self},
                served={"r01": self},
            )
            sampler.start()
            threads = [
                threading.Thread(target=self._talk, args=(records, number, over))
                for number in range(customers)
            ]
            for thread in threads:
                thread.start()
            with meanwhile():
                deadline = time.monotonic() + 90
                while not enough():
                    assert time.monotonic() < deadline, "the load did not reach the awaited state"
                    time.sleep(0.1)
            over.set()
            for thread in threads:
                thread.join(60)
            sampler.stop()
            records.write(LoadMark(self.clock.now(), "end", {}))
        history = read(self.run_dir)
        found = diagnoses(history, run_checks(history))
        assert gate in [each.gate for each in found], found
        return next(each for each in found if each.gate == gate)

    def sampled(self, source: str, at_least: int) -> Callable[[], bool]:
        """Whether there are so many samples of this source."""

        def seen() -> bool:
            path = self.run_dir / "samples.jsonl"
            return path.exists() and path.read_text().count(f'"source":"{source}"') >= at_least

        return seen

    def _write_run_json(self) -> None:
        values = Run(planned_faults=[]).run_json()
        values["origin"] = time.time() - self.clock.now()
        values["profile"]["slo"] = {**SLO, "steady_p99_s": LIMIT_S, "max_outage_s": 4.0}
        self.run_dir.mkdir(parents=True, exist_ok=True)
        (self.run_dir / "run.json").write_text(json.dumps(values))

    def _talk(self, records: RecordWriter, customer: int, over: threading.Event) -> None:
        turn = 0
        while not over.is_set():
            session = f"s{turn // TURNS}"
            if turn % TURNS == 0:
                self.replica.create(f"c{customer}", session)
            records.write(self._turn(customer, session, turn))
            turn += 1

    def _turn(self, customer: int, session: str, turn: int) -> TurnRecord:
        """Say it until it is answered, as customers do."""
        name, sent, attempts, error, status = f"c{customer}t{turn}", self.clock.now(), 0, None, 0
        while status != 200 and self.clock.now() - sent < PATIENCE_S:
            attempts += 1
            request = body(f"c{customer}", session, "Where is ORD-58291?", name)
            answer = self.replica.http.post("/run", json=request)
            status = answer.status_code
            if status != 200:
                # As `loadtests` does: a 409 for the attempt before does not replace its error.
                if not (error and status == 409):
                    error = f"HTTP {status}: {answer.json()['detail']}"
                time.sleep(0.1)
        return TurnRecord(
            conversation=customer,
            turn=turn,
            turn_id=name,
            journey="where_is_my_order",
            due=sent,
            sent=sent,
            first_token=None,
            done=self.clock.now(),
            outcome=Outcome.OK if status == 200 else Outcome.FAIL,
            attempts=attempts,
            replica="r01",
            message="m",
            reply="r",
            seen=None,
            status=status,
            error=error,
        )


@pytest.fixture
def observe(
    start_replica: StartReplica, bundled: RedisServer, tmp_path: Path
) -> Callable[..., Observed]:
    """A ready replica with these settings."""

    def observed(**settings: str) -> Observed:
        bundled.client.flushall()
        replica = start_replica("r01", **settings)
        replica.wait_ready()
        return Observed(tmp_path / "run", replica, bundled)

    return observed


def causes_in_the_service(found: Diagnosis) -> list[str]:
    """All causes but a full machine, which comes first and may be full of other tests."""
    return [each.name for each in found.causes if each.name not in ("machine", "other_processes")]


def test_a_service_that_computes_over_its_history_is_named_by_its_event_loop(
    observe: Callable[..., Observed],
) -> None:
    seen = observe(DIYA_SESSIONS="tests.defects.dear_history:factory", DIYA_MODEL_TTFT_MS="5")
    found = seen.diagnosis(4, seen.sampled("service:r01", 4))
    # The replica's core may be full as well; the model is never to blame.
    assert "event_loop" in causes_in_the_service(found)
    assert "model" not in causes_in_the_service(found)


def test_a_bound_of_turns_in_flight_that_is_too_low_is_named(
    observe: Callable[..., Observed],
) -> None:
    seen = observe(DIYA_MAX_TURNS_IN_FLIGHT="2", DIYA_MODEL_TTFT_MS="100")
    found = seen.diagnosis(24, seen.sampled("service:r01", 4))
    # On a busy machine event loops are late as well.
    assert "in_flight" in causes_in_the_service(found)
    assert "2 turns are running here" in found.errors[0][0]


def test_a_slow_model_is_named_with_its_time(observe: Callable[..., Observed]) -> None:
    seen = observe(DIYA_MODEL_TTFT_MS="1200")
    found = seen.diagnosis(3, seen.sampled("service:r01", 5))
    assert causes_in_the_service(found)[0] == "model"


def test_a_frozen_redis_is_named(observe: Callable[..., Observed]) -> None:
    seen = observe(DIYA_MODEL_TTFT_MS="5")

    @contextlib.contextmanager
    def frozen() -> Iterator[None]:
        deadline = time.monotonic() + 60
        while not seen.sampled("redis", 2)():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        with seen.redis.frozen():
            time.sleep(8)
        yield

    found = seen.diagnosis(3, seen.sampled("redis", 6), frozen, "latency.outage")
    assert causes_in_the_service(found)[0] == "redis_silent"
    assert "the session store does not answer" in found.errors[0][0]
