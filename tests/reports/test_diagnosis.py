"""Each cause, made on purpose in a hand-written run, is the one that the diagnosis names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from redis.crc import key_slot

from reports.checks import run_checks
from reports.diagnosis import UNEXPLAINED, Diagnosis, diagnoses
from reports.records import ModelCall, Outcome, Sample
from reports.records.model_calls import ModelCalls
from reports.verdict.judge import judge
from tests.reports.a_run import Run, redis_samples
from tests.reports.gated import busy

SLOW = range(20, 40)
"""Seconds in which turns take long."""
MIB = 1 << 20


def run(
    *, took: float = 6.0, error: str | None = None, replica: str | None = None, fails: bool = False
) -> Run:
    """Fifty conversations of two turns; those that begin in `SLOW` take long, or fail."""
    made = Run()
    for number in range(50):
        start = 6.0 + number
        slow = start in SLOW
        conversation = made.conversation(start=start)
        values: dict[str, Any] = {"error": error, "attempts": 2 if error else 1}
        if replica is not None:
            values["replica"] = replica
        outcome = Outcome.INFO if fails else Outcome.OK
        if slow:
            conversation.turn(None, outcome, took=took, **values)
        else:
            conversation.turn().turn()
        conversation.audit()
        conversation.audit(status="gone", at=conversation.ended + 40.0, when="expired")
    made.load_end = 70.0
    made.samples = redis_samples(made)
    return made


def sampled(made: Run, source: str, values: Callable[[int], dict[str, float]]) -> Run:
    """One sample a second of this source; those of Redis get more values."""
    assert made.samples is not None
    if source == "redis":
        for sample in made.samples:
            sample.values.update(values(int(sample.t)))
    else:
        made.samples += [Sample(float(t), source, values(t)) for t in range(-3, 100)]
    return made


def when_slow(busy: float, calm: float) -> Callable[[int], float]:
    return lambda t: busy if SLOW.start <= t < SLOW.stop + 6 else calm


def diagnosis(made: Run, tmp_path: Path, gate: str = "latency.steady_p99") -> Diagnosis:
    history = made.history(tmp_path)
    (found,) = (each for each in diagnoses(history, run_checks(history)) if each.gate == gate)
    return found


def machine(own: float, others: float) -> Callable[[int], dict[str, float]]:
    """The run's own share and that of others, percent, while turns are slow."""
    mine, theirs = when_slow(own, 8.0), when_slow(others, 1.0)
    return lambda t: {
        "own_percent": mine(t),
        "cpu_percent": min(100.0, mine(t) + theirs(t)),
        "cores": 2.0,
        "available": 4e9,
    }


def test_a_full_machine_is_named(tmp_path: Path) -> None:
    found = diagnosis(sampled(run(), "host", machine(99.0, 0.5)), tmp_path)
    # Without a rehearsal the calm part is the reference, and the slow turns cost much more.
    assert found.cause == "dearer"
    assert "machine" in [cause.name for cause in found.causes]


def test_a_machine_that_is_full_from_the_start_is_named(tmp_path: Path) -> None:
    made = sampled(run(), "host", lambda _: {"own_percent": 99.0, "cpu_percent": 99.5})
    found = diagnosis(made, tmp_path)
    assert found.cause == "machine"
    assert found.sentence.startswith("this machine was full: 100 % busy")


@pytest.mark.parametrize(("busy", "cause"), [(90.0, "machine"), (60.0, None)])
def test_a_busy_machine_is_named_where_the_run_s_own_share_is_unknown(
    tmp_path: Path, busy: float, cause: str | None
) -> None:
    made = sampled(run(), "host", lambda _: {"cpu_percent": busy, "available": 4e9})
    found = diagnosis(made, tmp_path)
    assert found.cause == cause
    assert ("was 90 % busy" in found.sentence and "run it again" in found.sentence) is bool(cause)


def test_a_busy_neighbour_is_named(tmp_path: Path) -> None:
    found = diagnosis(sampled(run(), "host", machine(55.0, 45.0)), tmp_path)
    assert found.cause == "other_processes"
    assert "45 %" in found.sentence


def test_a_replica_with_a_full_core_is_named(tmp_path: Path) -> None:
    made = run(replica="r07")
    busy = when_slow(99.0, 5.0)
    made = sampled(made, "replica:r07", lambda t: {"cpu_percent": busy(t), "rss": 1e8})
    made = sampled(made, "replica:r08", lambda _: {"cpu_percent": 5.0, "rss": 1e8})
    found = diagnosis(made, tmp_path)
    assert found.cause == "replica_core"
    assert found.sentence.startswith("r07 used 99 % of a core; 20 of 20 turns")


def test_a_late_event_loop_is_named(tmp_path: Path) -> None:
    lag = when_slow(1.4, 0.01)
    found = diagnosis(
        sampled(run(replica="r07"), "service:r07", lambda t: {"loop_lag_s": lag(t)}), tmp_path
    )
    assert found.cause == "event_loop"
    assert "r07 was up to 1.40 s late" in found.sentence


@pytest.mark.parametrize(
    ("source", "cause", "words"),
    [
        ("redis", "redis_core", "Redis used 99 % of its one core"),
        ("envoy", "envoy_core", "Envoy used 99 % of its one core"),
        ("generator", "generator_core", "the load generator used 99 % of its one core"),
    ],
)
def test_a_part_with_a_full_core_is_named(
    tmp_path: Path, source: str, cause: str, words: str
) -> None:
    found = diagnosis(sampled(run(), source, lambda _: {"cpu_percent": 99.0}), tmp_path)
    assert found.cause == cause
    assert found.sentence.startswith(words)


def test_a_redis_that_became_dearer_is_named_with_its_part(tmp_path: Path) -> None:
    busy = when_slow(99.0, 5.0)
    found = diagnosis(sampled(run(), "redis", lambda t: {"cpu_percent": busy(t)}), tmp_path)
    assert found.cause == "dearer"
    assert "ms of Redis's CPU" in found.sentence


def test_the_slowest_command_of_a_full_redis_is_told(tmp_path: Path) -> None:
    made = sampled(run(), "redis", lambda _: {"cpu_percent": 99.0})
    assert made.samples is not None
    made.samples += [Sample(25.0 + n, "slowlog:EVALSHA", {"ms": 80.0 + n}) for n in range(3)]
    made.samples += [Sample(55.0, "slowlog:KEYS", {"ms": 900.0})]
    found = diagnosis(made, tmp_path)
    assert "of 3 slow commands the slowest was EVALSHA, 82 ms" in found.sentence


def test_the_bound_of_turns_in_flight_is_named(tmp_path: Path) -> None:
    full = "HTTP 503: 64 turns are running here; try again"
    refused = when_slow(1.0, 0.0)
    made = sampled(
        run(error=full),
        "service:r01",
        lambda t: {"overloaded": max(0, t - SLOW.start) * 10.0 * refused(t), "in_flight": 64.0},
    )
    found = diagnosis(made, tmp_path)
    assert found.cause == "in_flight"
    assert "64 turns ran at once" in found.sentence
    assert found.errors[0] == (full, 20)


def test_connections_that_ran_out_are_named(tmp_path: Path) -> None:
    rejected = when_slow(1.0, 0.0)
    made = sampled(
        run(),
        "redis",
        lambda t: {
            "maxclients": 100.0,
            "connected_clients": 100.0 * rejected(t),
            "rejected_connections": max(0, t - SLOW.start) * rejected(t),
        },
    )
    found = diagnosis(made, tmp_path)
    assert found.cause == "connections"
    assert "100 of 100 were open" in found.sentence


def test_a_redis_without_memory_is_named(tmp_path: Path) -> None:
    used = when_slow(3.99 * MIB, 2.0 * MIB)
    made = sampled(run(), "redis", lambda t: {"maxmemory": 4.0 * MIB, "used_memory": used(t)})
    assert diagnosis(made, tmp_path).cause == "redis_memory"


def test_a_redis_that_did_not_answer_is_named(tmp_path: Path) -> None:
    made = run()
    assert made.samples is not None
    made.samples = [s for s in made.samples if not SLOW.start <= s.t < SLOW.stop + 6]
    made.samples += [Sample(float(t), "host", {"cpu_percent": 5.0}) for t in range(-3, 100)]
    found = diagnosis(made, tmp_path)
    assert found.cause == "redis_silent"
    assert found.sentence.startswith("Redis did not answer for 27 s")


@pytest.mark.parametrize(("refused", "cause"), [(True, "quota"), (False, "other_processes")])
def test_a_quota_that_refused_the_calls_of_the_slow_turns_is_named(
    tmp_path: Path, refused: bool, cause: str
) -> None:
    history = sampled(run(), "host", machine(55.0, 45.0)).history(tmp_path)
    calls = []
    for number in range(len(history.turns)):
        turn = history.turns[number]
        slow = turn.done - turn.due > 5.0
        calls.append(
            ModelCall(
                t=turn.due,
                done=turn.due + 0.1,
                dialect="gemini",
                status=429 if slow else 200,
                messages=(turn.message,),
                # A quota may refuse the calls of other turns only: then it is not the cause.
                refused="requests" if slow is refused else None,
            )
        )
    history.calls = ModelCalls(calls)
    (found,) = (
        each
        for each in diagnoses(history, run_checks(history))
        if each.gate == "latency.steady_p99"
    )
    assert found.cause == cause
    if refused:
        assert found.sentence == "the model's quota refused calls of 20 of 20 turns"


def slow_calls(lag: float) -> Run:
    """A run whose model calls take 5 s by the clock of a loop that is so late, seconds."""
    late = when_slow(lag, 0.01)
    return sampled(
        run(replica="r01"),
        "service:r01",
        lambda t: {
            "model_calls": float(t + 3),
            "model_s": 0.1 * (t + 3) + 5.0 * min(26, max(0, t - SLOW.start)),
            "ok": float(t + 3),
            "loop_lag_s": late(t),
        },
    )


def test_a_slow_model_is_named(tmp_path: Path) -> None:
    found = diagnosis(slow_calls(lag=0.01), tmp_path)
    assert found.cause == "model"
    assert "s of a turn" in found.sentence


def test_a_slow_model_is_named_beside_a_loop_that_is_a_little_late(tmp_path: Path) -> None:
    assert diagnosis(slow_calls(lag=0.8), tmp_path).cause == "model"


def test_calls_that_only_a_late_loop_made_long_are_not_blamed_on_the_model(
    tmp_path: Path,
) -> None:
    found = diagnosis(slow_calls(lag=4.0), tmp_path)
    assert found.cause == "event_loop"
    assert "model" not in [cause.name for cause in found.causes]


def test_the_service_s_own_error_is_named(tmp_path: Path) -> None:
    made = run(error="HTTP 500: KeyError: 'order 17'", fails=True)
    found = diagnosis(made, tmp_path, "errors.rate")
    assert found.cause == "errors"
    assert "KeyError: 'order 17'\" to 20 of 20" in found.sentence


def test_errors_that_differ_by_an_id_are_one_and_those_of_two_statuses_are_two(
    tmp_path: Path,
) -> None:
    made = run(error="HTTP 500: no session", fails=True)
    failed = 0
    for conversation in made.conversations:
        for place, turn in enumerate(conversation.turns):
            if turn.error is not None:
                failed += 1
                status = 503 if failed <= 8 else 500
                name = "0a1b2c3d-99ee" if failed % 2 else "ffee12"
                error = f"HTTP {status}: no session {name}"
                conversation.turns[place] = replace(turn, error=error)
    found = diagnosis(made, tmp_path, "errors.rate")
    assert [(text[:8], count) for text, count in found.errors] == [
        ("HTTP 500", 12),
        ("HTTP 503", 8),
    ]


def test_one_replica_that_had_the_slow_turns_is_named(tmp_path: Path) -> None:
    found = diagnosis(run(replica="r07"), tmp_path)
    assert found.cause == "one_replica"
    assert found.sentence.startswith("20 of 20 turns that waited were asked of r07")


def test_one_shard_that_had_the_slow_turns_is_named(tmp_path: Path) -> None:
    """The keys of a user share the hash tag `{shopmax/<user>}`, and with it a slot."""
    made = Run(redis="cluster")
    for number in range(40):
        start = 6.0 + number
        conversation = made.conversation(start=start)
        conversation.turn(took=6.0 if _first_shard(number) else 0.2)
        conversation.audit()
        conversation.audit(status="gone", at=conversation.ended + 40.0, when="expired")
    found = diagnosis(made, tmp_path)
    assert found.cause == "one_shard"
    assert "shard 1 of 3" in found.sentence


def _first_shard(number: int) -> bool:
    return key_slot(f"{{shopmax/u{number}}}".encode()) < 16384 // 3


@pytest.mark.parametrize(("early", "words"), [(True, "before the fault"), (False, "after")])
def test_the_diagnosis_tells_whether_the_queue_grew_before_the_fault(
    tmp_path: Path, early: bool, words: str
) -> None:
    made = Run()
    for number in range(40):
        start = 20.0 + number / 20 if early else 30.0 + number / 20
        conversation = made.conversation(start=start)
        conversation.turn(took=18.0).audit()
        conversation.audit(status="gone", at=conversation.ended + 40.0, when="expired")
    made.fault("kill-redis", 28.0 if early else 29.0, 34.0)
    found = diagnosis(made, tmp_path, "latency.fault_p99")
    assert found.queue is not None
    assert words in found.queue


def test_a_run_that_nothing_explains_says_so(tmp_path: Path) -> None:
    found = diagnosis(run(), tmp_path)
    assert (found.cause, found.causes, found.sentence) == (None, (), UNEXPLAINED)


def test_a_time_out_explains_nothing_and_is_told(tmp_path: Path) -> None:
    made = run(error="no complete response within 8 s", fails=True)
    found = diagnosis(made, tmp_path, "errors.rate")
    assert found.cause is None
    assert found.sentence.startswith(UNEXPLAINED)
    assert '"no complete response within 8 s" (20 of 20)' in found.sentence


def test_a_run_that_is_well_has_no_diagnosis(tmp_path: Path) -> None:
    history = run(took=0.2).history(tmp_path)
    assert diagnoses(history, run_checks(history)) == []


def test_the_result_and_its_headline_tell_why(tmp_path: Path) -> None:
    lag = when_slow(1.4, 0.01)
    made = sampled(run(replica="r07"), "service:r07", lambda t: {"loop_lag_s": lag(t)})
    result = judge(made.write(tmp_path / "run"))
    (found,) = result["diagnosis"]
    assert found["cause"] == "event_loop"
    assert f"; why: {found['sentence']}" in result["headline"]


def test_a_fault_that_was_never_healed_is_named_with_its_error(tmp_path: Path) -> None:
    made = run(error="Connection refused")
    error = "the undo failed: /bin/false ended with exit code 1; heal it by hand: /bin/false"
    made.fault("process", 20.0, 21.4, target="agent", recovered_at=None, error=error)
    found = diagnosis(made, tmp_path, "recovery.time")
    assert found.sentence.startswith(f"agent never came back from process-1: {error}")
    assert diagnosis(made, tmp_path, "errors.retries").cause == "unhealed"


def test_the_errors_of_failed_reads_are_counted_out_of_those_reads(tmp_path: Path) -> None:
    made = busy(conversations=20)
    for _ in range(2):
        audits = made.conversation(start=20.0).turn().audit(status="unknown").audits
        audits[-1] = replace(audits[-1], error="not sent: Connection refused")
    history = made.history(tmp_path)
    (found,) = [each for each in diagnoses(history, run_checks(history)) if "reads" in each.gate]
    assert '"not sent: Connection refused" (2 of 2)' in found.sentence
