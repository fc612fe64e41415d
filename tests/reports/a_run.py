"""Hand-written runs: sound unless a test says otherwise.

A run of twelve replicas, a TTL of 30 s, Redis sampled once a second, and as many conversations as
the test writes.  Each turn gets the replica, the reply and the witness that a sound service gives.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reports.records import (
    ArrivalRange,
    AuditRecord,
    ConversationRecord,
    Fate,
    FaultWindow,
    HistoryItem,
    LoadMark,
    ModelCall,
    Outcome,
    ProbeRecord,
    RecordWriter,
    Sample,
    Seen,
    TurnRecord,
    chain,
    digest,
    run_file,
    to_json,
)
from reports.records.columns import Audits, Conversations, Turns
from reports.records.history import History
from reports.records.model_calls import REHEARSAL, ModelCalls
from reports.records.run_description import RunDescription

TTL = 30.0
SLO = {
    "steady_p99_s": 2.0,
    "fault_p99_s": 12.0,
    "recovery_s": 15.0,
    "error_rate": 0.001,
    "max_outage_s": 15.0,
    "generator_lag_p99_s": 0.25,
    "memory_slack": 1.5,
}
MIB = 1024 * 1024


def message(turn_id: str) -> str:
    """The digest of the customer's message of a turn."""
    return digest(f"message of {turn_id}")


def reply(turn_id: str) -> str:
    """The digest of the reply to a turn."""
    return digest(f"reply to {turn_id}")


def said(turn_id: str) -> HistoryItem:
    """The customer's message as the history shows it."""
    return HistoryItem(turn_id, "message", message(turn_id))


def step(turn_id: str) -> HistoryItem:
    """A tool call as the history shows it."""
    return HistoryItem(turn_id, "step", digest("tool"))


def answered(turn_id: str) -> HistoryItem:
    """The reply as the history shows it."""
    return HistoryItem(turn_id, "reply", reply(turn_id))


def whole(*turn_ids: str) -> list[HistoryItem]:
    """Whole turns, one after the other."""
    return [item for t in turn_ids for item in (said(t), step(t), answered(t))]


def witness(*turn_ids: str) -> Seen:
    """The witness of a model that was shown the messages of these turns."""
    return Seen(len(turn_ids), chain(message(turn_id) for turn_id in turn_ids))


@dataclass
class Conversation:
    """One conversation being written down."""

    index: int
    start: float
    deleted: float | None = None
    fate: Fate = Fate.OFFERED
    lag: float = 0.001
    turns: list[TurnRecord] = field(default_factory=list)
    audits: list[AuditRecord] = field(default_factory=list)
    is_opened: bool = True
    has_record: bool = True
    planned: int | None = None
    """Turns; None: as many as there are."""
    error: str | None = None

    def id(self, turn: int) -> str:
        return f"c{self.index}t{turn}"

    def acknowledged(self) -> list[str]:
        return [turn.turn_id for turn in self.turns if turn.outcome is Outcome.OK]

    @property
    def ended(self) -> float:
        return max((turn.done for turn in self.turns), default=self.start)

    def turn(
        self,
        at: float | None = None,
        outcome: Outcome = Outcome.OK,
        *,
        took: float = 0.2,
        seen: Seen | str | None = "right",
        **values: Any,
    ) -> Conversation:
        """The next turn; by default acknowledged, one second after the last."""
        number = len(self.turns)
        turn_id = self.id(number)
        next_due = round(self.turns[-1].done + 1.0, 6) if self.turns else self.start
        due = next_due if at is None else at
        ok = outcome is Outcome.OK
        if seen == "right":
            seen = witness(*self.acknowledged(), turn_id) if ok else None
        assert not isinstance(seen, str)
        fields: dict[str, Any] = {
            "conversation": self.index,
            "turn": number,
            "turn_id": turn_id,
            "journey": "order",
            "due": due,
            "sent": due,
            "first_token": None,
            "done": round(due + took, 6),
            "outcome": outcome,
            "attempts": 1,
            "replica": f"r{(self.index + number) % 12 + 1:02}",
            "message": message(turn_id),
            "reply": reply(turn_id) if ok else None,
            "seen": seen,
            "status": 200 if ok else None,
        }
        self.turns.append(TurnRecord(**{**fields, **values}))
        return self

    def audit(
        self,
        history: Sequence[HistoryItem] | None = None,
        *,
        status: str = "found",
        at: float | None = None,
        when: str = "end",
        user: str | None = None,
    ) -> Conversation:
        """A read of the session; by default right after the last turn, with the right history."""
        at = round(self.ended + 0.1 if at is None else at, 6)
        items = whole(*self.acknowledged()) if history is None else history
        self.audits.append(
            AuditRecord(
                conversation=self.index,
                at=at,
                done=round(at + 0.05, 6),
                when=when,
                status=status,
                user=(user or f"u{self.index}") if status == "found" else None,
                history=tuple(items) if status == "found" else (),
                replica="r07",
            )
        )
        return self

    def record(self) -> ConversationRecord:
        return ConversationRecord(
            conversation=self.index,
            journey="order",
            user=f"u{self.index}",
            session=f"s{self.index}",
            due=self.start - self.lag,
            started=self.start,
            opened=self.start + 0.05 if self.is_opened else None,
            ended=self.ended + 0.2,
            fate=self.fate,
            turns_planned=self.planned or max(1, len(self.turns)),
            deleted=self.deleted,
            error=self.error,
        )


@dataclass
class Run:
    """A run being written down: warm-up until 5 s, load from 0 to 60 s of run time."""

    run_id: str = "0123456789ab"
    planned_faults: list[str] | None = None
    model: str = "scripted, 0.2 s"
    replicas: int | None = 12
    foreign: bool = False
    sliding: int = 0
    """Customers that the profile plans to come back shortly before their TTL is over."""
    phases: list[dict[str, float | str]] = field(default_factory=list)
    """The phases of the profile, with their `minutes` at a compression of 240."""
    redis: str = "single"
    durability: str | None = "aof-everysec"
    load_end: float = 60.0
    marks: Sequence[str] = ("start", "phase:warmup", "phase:hold", "arrivals-end", "end", "audited")
    arrivals: int | None = None
    conversations: list[Conversation] = field(default_factory=list)
    unplayed: list[ArrivalRange] = field(default_factory=list)
    extra_marks: list[LoadMark] = field(default_factory=list)
    faults: list[FaultWindow] = field(default_factory=list)
    samples: list[Sample] | None = None
    steady_state: list[str] = field(default_factory=list)
    probes: list[ProbeRecord] = field(default_factory=list)
    journeys: dict[str, float] = field(default_factory=dict)
    sizing: dict[str, float | str] | None = None
    stand_in: bool = False
    """Whether a stand-in played the model."""
    calls: list[ModelCall] = field(default_factory=list)
    rehearsed: list[TurnRecord] = field(default_factory=list)

    def conversation(self, start: float = 10.0, **values: Any) -> Conversation:
        conversation = Conversation(len(self.conversations), start, **values)
        self.conversations.append(conversation)
        return conversation

    def sound(self, turns: int = 3, start: float = 10.0) -> Conversation:
        """A conversation without a blemish, read back at its end and after its TTL."""
        conversation = self.conversation(start)
        for _ in range(turns):
            conversation.turn()
        conversation.audit()
        late = conversation.ended + TTL + 1.5
        return conversation.audit(status="gone", at=late, when="expired")

    def fault(self, kind: str, start: float, end: float, **values: Any) -> None:
        fields: dict[str, Any] = {
            "id": f"{kind}-1",
            "fault": kind,
            "target": "redis",
            "start": start,
            "end": end,
            "recovered_at": end,
            "took_hold": True,
        }
        self.faults.append(FaultWindow(**{**fields, **values}))

    def asked(self, name: str, when: str, answer: str | None = "True") -> None:
        """A probe of the steady state, which expects yes."""
        at = {"before": 0.01, "during": 30.0, "after": self.load_end}[when]
        met = answer == "True"
        error = None if answer else "refused"
        self.probes.append(ProbeRecord(name, when, at, at, answer, "True", met, error))

    def run_json(self) -> dict[str, Any]:
        planned = (
            [f.id for f in self.faults] if self.planned_faults is None else self.planned_faults
        )
        return {
            "schema_version": 1,
            "run_id": self.run_id,
            "origin": 1793500000.0,
            "seed": 7,
            "app": "shopmax",
            "target": "http://127.0.0.1:8000",
            "foreign": self.foreign,
            "profile": {
                "name": "tiny",
                "slo": dict(SLO),
                "conversation": {"sliding_ttl_customers": self.sliding},
                "journeys": self.journeys,
                **({"phase": self.phases} if self.phases else {}),
            },
            "ttl_seconds": TTL,
            "sizing": self.sizing,
            "compression": 240.0,
            "sessions": "redis",
            "experiment": {
                "title": "tiny",
                "path": "tiny.yaml",
                "planned": planned,
                "steady_state": self.steady_state,
            },
            "topology": {
                "replicas": self.replicas,
                "redis": self.redis,
                "aof": "everysec",
                "durability": self.durability,
            },
            "environment": {
                "python": "3.11",
                "cores": 2,
                "redis_server": {"name": "valkey", "version": "9.1", "allocator": "jemalloc"},
                "model": self.model,
            },
            "model": {"kind": "stand-in"} if self.stand_in else None,
        }

    def records(self) -> Iterable[Any]:
        times = {
            "start": 0.0,
            "phase:warmup": 0.0,
            "phase:hold": 5.0,
            "arrivals-end": self.load_end - 1,
            "end": self.load_end,
            "audited": self.load_end + TTL + 2,
        }
        arrivals = len(self.conversations) if self.arrivals is None else self.arrivals
        for mark in self.marks:
            values = {"arrivals": float(arrivals)} if mark == "start" else {}
            yield LoadMark(times[mark], mark, values)
        for conversation in self.conversations:
            yield from conversation.turns
            yield from conversation.audits
            if conversation.has_record:
                yield conversation.record()
        yield from self.unplayed
        yield from self.extra_marks
        yield from self.faults
        yield from self.probes
        yield from redis_samples(self) if self.samples is None else self.samples
        yield from self.calls

    def write(self, directory: Path) -> Path:
        """Write the run directory as the other rooms would."""
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "run.json").write_text(json.dumps(self.run_json()))
        with RecordWriter(directory) as writer:
            for record in self.records():
                writer.write(record)
            for turn in self.rehearsed:
                writer.append(REHEARSAL, to_json(turn) + b"\n")
        return directory

    def history(self, directory: Path) -> History:
        """The same as a history, by way of run.json only."""
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "run.json").write_text(json.dumps(self.run_json()))
        records = list(self.records())

        def of(kind: type[Any]) -> list[Any]:
            return [record for record in records if isinstance(record, kind)]

        return History(
            name="tiny",
            run=run_file.read(directory, RunDescription),
            conversations=Conversations(of(ConversationRecord)),
            unplayed=of(ArrivalRange),
            turns=Turns(of(TurnRecord)),
            audits=Audits(of(AuditRecord)),
            faults=sorted(of(FaultWindow), key=lambda fault: fault.start),
            probes=of(ProbeRecord),
            samples=of(Sample),
            marks=of(LoadMark),
            calls=ModelCalls(of(ModelCall)),
            rehearsed=self.rehearsed,
        )


def redis_sample(t: float, used: float = 2 * MIB, **values: float) -> Sample:
    """One sample of a healthy Redis."""
    defaults = {
        "used_memory": used,
        "mem_clients_normal": 0.0,
        "mem_aof_buffer": 0.0,
        "keys": 0.0,
        "persistent_keys": 0.0,
        "expired_keys": 0.0,
        "evicted_keys": 0.0,
        "run": 1.0,
    }
    return Sample(t, "redis", {**defaults, **values})


def redis_samples(run: Run) -> list[Sample]:
    """Memory that holds 1000 bytes for every turn of the last TTL; faults that end Redis end it."""
    ended = [fault.start for fault in run.faults if fault.fault in ("kill-redis", "restart-redis")]
    done = [turn.done for c in run.conversations for turn in c.turns]
    samples = []
    for t in range(-3, int(run.load_end + TTL) + 4):
        turns = sum(t - TTL < moment <= t for moment in done)
        process = 1.0 + sum(moment < t for moment in ended)
        used = 2 * MIB + 1000.0 * turns
        samples.append(redis_sample(t, used, keys=float(turns), run=process))
    return samples
