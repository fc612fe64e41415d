"""The records that a run of the simulated service would leave, as a history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec

from reports.capacity.alternation import HIGH, LOW
from reports.records import (
    AuditRecord,
    ConversationRecord,
    Fate,
    HistoryItem,
    LoadMark,
    Outcome,
    RecordWriter,
    Sample,
    Seen,
    TurnRecord,
    chain,
)
from reports.records.columns import Audits, Conversations, Turns
from reports.records.history import History
from reports.records.run_description import EnvironmentDescription, RunDescription
from tests.validate.capacity.service import ATTEMPT_S, MEAN_TURNS, Load, Service, Simulation, Turn

SLO = {
    "steady_p99_s": 2.0,
    "fault_p99_s": 12.0,
    "recovery_s": 15.0,
    "error_rate": 0.001,
    "max_outage_s": 15.0,
    "generator_lag_p99_s": 0.25,
    "memory_slack": 1.5,
}


def played(service: Service, load: Load) -> History:
    """The history of this load on this service."""
    return history(Simulation(service, load).run())


def history(run: Simulation) -> History:
    """The records of a simulation."""
    talks: defaultdict[int, list[Turn]] = defaultdict(list)
    for turn in sorted(run.turns, key=lambda turn: turn.done):
        talks[turn.conversation].append(turn)
    return History(
        name=f"simulated-{run.load.seed}",
        run=_description(run),
        conversations=Conversations(_conversations(run, talks)),
        turns=Turns([record for talk in talks.values() for record in _turns(talk)]),
        audits=Audits([_audit(index, talk) for index, talk in talks.items()]),
        samples=list(_samples(run)),
        marks=_marks(run),
    )


def write(run: History, directory: Path) -> Path:
    """Write the history as a run directory."""
    directory.mkdir(parents=True)
    (directory / "run.json").write_bytes(msgspec.json.encode(run.run))
    with RecordWriter(directory) as writer:
        for records in (run.conversations, run.turns, run.audits, run.samples, run.marks):
            for record in records:
                writer.write(record)
    return directory


def _description(run: Simulation) -> RunDescription:
    load = run.load
    return RunDescription(
        schema_version=1,
        run_id="simulated",
        origin=1793500000.0,
        seed=load.seed,
        ttl_seconds=600.0,
        profile={
            "name": "simulated",
            "load": {"base_rate": load.rate / MEAN_TURNS},
            "phase": [
                {"name": "warmup", "minutes": load.warmup_s / 60, "hold": 1},
                {"name": "hold", "minutes": load.seconds / 60, "hold": 1},
            ],
            "conversation": {
                "mean_turns": MEAN_TURNS,
                "abandon_share": 0.0,
                "max_turns": 20,
                "attempt_timeout_s": ATTEMPT_S,
            },
            "slo": SLO,
        },
        environment=EnvironmentDescription(cores=2, model="scripted"),
    )


def _conversations(run: Simulation, talks: Mapping[int, list[Turn]]) -> list[ConversationRecord]:
    return [
        ConversationRecord(
            conversation=index,
            journey="order",
            user=f"u{index}",
            session=f"s{index}",
            due=due,
            started=started,
            opened=started,
            ended=run.ended[index],
            fate=Fate.OFFERED,
            turns_planned=len(talks[index]),
        )
        for index, (due, started) in enumerate(run.arrivals)
    ]


@cache
def _witness(turns: int) -> Seen:
    return Seen(turns, chain("m" for _ in range(turns)))


def _turns(talk: list[Turn]) -> Iterator[TurnRecord]:
    for turn in talk:
        outcome = Outcome.OK if turn.ok else Outcome.INFO if turn.unsure else Outcome.FAIL
        yield TurnRecord(
            conversation=turn.conversation,
            turn=turn.number,
            turn_id=f"c{turn.conversation}t{turn.number}",
            journey="order",
            due=turn.due,
            sent=turn.sent,
            first_token=turn.done if turn.ok else None,
            done=turn.done,
            outcome=outcome,
            attempts=turn.attempts,
            replica="r01",
            message="m",
            reply="r" if turn.ok else None,
            seen=_witness(turn.number + 1) if turn.ok else None,
            status=200 if turn.ok else 503,
            error=turn.error,
            unsure=turn.unsure,
        )


def _audit(index: int, talk: list[Turn]) -> AuditRecord:
    end = talk[-1].done
    items = tuple(
        item
        for turn in talk
        if turn.ok
        for item in (
            HistoryItem(f"c{index}t{turn.number}", "message", "m"),
            HistoryItem(f"c{index}t{turn.number}", "reply", "r"),
        )
    )
    return AuditRecord(index, end + 0.001, end + 0.01, "end", "found", f"u{index}", items)


def _marks(run: Simulation) -> list[LoadMark]:
    end = max(run.ended.values())
    moments = {
        "start": 0.0,
        "phase:warmup": 0.0,
        "phase:hold": run.load.warmup_s,
        "arrivals-end": run.arrivals_end,
        "end": end,
        "audited": end,
    }
    if run.load.overload is not None:
        moments["phase:overload"], moments["phase:after"] = run.load.overload[:2]
    if run.load.alternating is not None:
        stage_s, _ = run.load.alternating
        del moments["phase:hold"]
        for number in range(round(run.load.seconds / stage_s)):
            name = f"phase:{(LOW, HIGH)[number % 2]}-{number // 2}"
            moments[name] = run.load.warmup_s + number * stage_s
    values = {"arrivals": float(len(run.arrivals))}
    marks = [LoadMark(t, name, values if name == "start" else {}) for name, t in moments.items()]
    return sorted(marks, key=lambda mark: mark.t)


def _samples(run: Simulation) -> Iterator[Sample]:
    calls = spent = 0.0
    for second in range(-3, int(max(run.ended.values())) + 2):
        t = float(second + 1)
        busy, redis = run.cpu.used[second], run.redis.used[second]
        cpu = max(0.0, busy - run.neighbour_s[second])
        others = 95.0 if run.load.starved else 20.0 + redis * 40
        yield Sample(t, "replica:r01", {"cpu_percent": cpu * 100, "pid": 7.0, "rss": 1e8})
        yield Sample(t, "redis", {"cpu_percent": redis * 100, "run": 1.0})
        host = {"cpu_percent": 50.0, "others_percent": others, "replicas_percent": busy * 100}
        yield Sample(t, "host", host)
        generator = 99.0 if run.load.starved else 20.0
        yield Sample(t, "generator", {"cpu_percent": generator})
        calls += run.model_calls[second]
        spent += run.model_spent[second]
        if second % 3 == 0:
            values = {"model_calls": calls, "model_s": spent, "in_flight": 0.0}
            yield Sample(t, "service:r01", values)
