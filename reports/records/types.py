"""The records themselves: what every other room writes and what the checks read.

All times are seconds since the run's time origin (`run.json`: `origin`, Unix epoch seconds), on a
clock that does not step while a process lives (see `RunClock`).  Records are stored one JSON object
a line, in the file named by `FILES`, append-only and flushed, so that a killed run is readable.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct

# Sums, differences and whole seconds of what is read must stay numbers.
Seconds = Annotated[float, Meta(ge=-1e10, le=1e10)]
"""A moment of run time, or a span of it: centuries are a mistake."""
Count = Annotated[int, Meta(ge=0, le=2**53)]
Small = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Reading = Annotated[float, Meta(ge=-1e18, le=1e18)]


class Outcome(StrEnum):
    """What is known of a turn (Jepsen's three outcomes)."""

    OK = "ok"
    """Acknowledged: a complete reply arrived."""
    FAIL = "fail"
    """Refused: it certainly did not happen (connection refused, 4xx, a 503 that promises so)."""
    INFO = "info"
    """May or may not have happened: time-out, reset after the send, an ordinary 5xx."""


class Fate(StrEnum):
    """What became of a planned arrival; every planned arrival has exactly one fate."""

    OFFERED = "offered"
    """The conversation began and came to its end."""
    DROPPED = "dropped"
    """Not offered: as many conversations were open as the profile allows, or as many requests under
    way as there may be open files."""
    LATE = "late"
    """Not offered: the generator came to it too late for it to mean anything."""
    LOST = "lost"
    """Lost with the generator process that was to offer it, or that was offering it."""
    CENSORED = "censored"
    """The run ended before the conversation did."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A customer's conversation begins: planned, before anything runs."""

    index: int
    due: float
    """Seconds after the start of the load."""
    journey: str
    seed: int
    sliding: bool = False
    """Of a customer who keeps one session for longer than its TTL, without a pause as long."""


class ConversationRecord(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What became of one planned arrival; written when the conversation has ended."""

    conversation: Count
    """The number of the planned arrival, from 0; all records name a conversation by it."""
    journey: str
    user: str
    """The customer's user id at the service."""
    session: str
    """The session's id at the service."""
    due: Seconds
    """When the arrival was due, run time."""
    started: Seconds | None
    """When the generator really started it, run time; `started - due` is the generator's lag."""
    opened: Seconds | None
    """When the service acknowledged the session's creation; None: it never did."""
    ended: Seconds | None
    """When its last turn ended; None: it never began."""
    fate: Fate
    turns_planned: Count
    """How many turns the customer meant to take."""
    deleted: Seconds | None = None
    """When the service acknowledged that the session was deleted; None: it was not asked to."""
    error: str | None = None


class ArrivalRange(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What became of planned arrivals that have no conversation record: many in one line.

    They are `first`, `first + step`, and so on, `count` in all.  A generator that is stopped, or
    lost, in the middle of a run of millions leaves as many of them as there were yet to come.
    """

    first: Count
    """The number of the first arrival."""
    count: Count
    """How many arrivals."""
    step: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    fate: Fate


DELETION_FAILED = "the deletion ended"
"""So begins the error of a conversation whose session could not be deleted."""


class Seen(Struct, frozen=True, gc=False, forbid_unknown_fields=True, array_like=True):
    """The model's witness, carried by a reply: which customer messages it was really shown."""

    turns: Count
    """How many customer messages it was shown, the current one included."""
    chain: str
    """`chain` of the digests of those messages, in the order shown."""


class TurnRecord(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One turn of a conversation, retries included."""

    conversation: Count
    turn: Small
    """0-based position in the conversation."""
    turn_id: str
    """The turn's identity: the same for every attempt, unique in the run."""
    journey: str
    due: Seconds
    """When the customer meant to send: latency counts from here."""
    sent: Seconds
    """When the first attempt was sent."""
    first_token: Seconds | None
    """When the first words of the reply came; None: none came."""
    done: Seconds
    """When the last attempt ended."""
    outcome: Outcome
    attempts: Small
    """How many attempts were made, the first included."""
    replica: str | None
    """Who answered the last attempt; None when nobody did."""
    message: str
    """`digest` of the customer's message."""
    reply: str | None
    """`digest` of the agent's final text; None without a complete reply, and in a turn that is
    `ok` when the agent ended it without a word."""
    seen: Seen | None
    """None: the service's model bears no witness (or there was no reply)."""
    status: int | None = None
    """HTTP status of the last attempt; None when no response arrived."""
    error: str | None = None
    """Why an attempt failed: the last failure, kept even when a retry succeeded."""
    unsure: Count = 0
    """How many attempts came to an end that leaves open whether the turn happened."""
    reopened: Seconds | None = None
    """When the customer, away for a TTL, was told that the session is gone, and opened another;
    None: that did not happen.  The turn was then taken in the new session."""
    steps: tuple[str, ...] | None = None
    """Digests of the tools' calls and results that the answer showed, in order; None: they were not
    recorded."""
    state: dict[str, str] | None = None
    """What the answer says that the turn wrote into the session's state: the digest of each key to
    the digest of its value; None: not recorded."""
    said: str | None = None
    """`digest` of the text that the model gave, by its own testimony; None: it gave none."""

    @property
    def latency(self) -> float:
        """Seconds from the intended time to the end: what the customer felt."""
        return self.done - self.due


class HistoryItem(Struct, frozen=True, gc=False, forbid_unknown_fields=True, array_like=True):
    """One event of a session as the service's API showed it."""

    turn_id: str | None
    """From the event's `customMetadata`; None when it carries none."""
    kind: str
    """`message` (the customer's), `step` (a tool's call or result), `reply` (final text)."""
    digest: str


class AuditRecord(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What the service says a session holds, read back through its API."""

    conversation: Count
    at: Seconds
    """When the read was sent."""
    done: Seconds
    """When it was answered, or given up."""
    when: str
    """`end` (the conversation just ended) or `expired` (its TTL, or its deletion, is past)."""
    status: str
    """`found`, `gone` (404), or `unknown` (no usable answer)."""
    user: str | None
    """Whose session the service says it is."""
    history: tuple[HistoryItem, ...]
    """The events of the session, in the service's order."""
    replica: str | None = None
    error: str | None = None
    state: dict[str, str] | None = None
    """The session's own state: the digest of each key to the digest of its value; None: the service
    shows none."""
    asked: Seconds | None = None
    """When the read was sent first, if it had to be sent again; None: `at`, or not recorded."""


class FaultWindow(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One injected fault."""

    id: str
    """Unique in the run, for example `kill-replica-1`."""
    fault: str
    """The class of the fault, for example `kill-replica`."""
    target: str
    """What it was done to, for example `r03`; several names are separated by commas."""
    start: Seconds
    """When it was begun."""
    end: Seconds
    """When it was healed: the target is back and ready (or the healing gave up)."""
    recovered_at: Seconds | None
    """When the target's own probe answered again; None: it never did."""
    took_hold: bool
    """The fault was verified to have happened.  False makes the run INCONCLUSIVE."""
    error: str | None = None
    server_lost_since: Seconds | None = None
    """The first moment from which the server itself lost writes that it had acknowledged, by the
    harness's own writes to it; None: none were lost, or the fault did not look."""
    server_kept_until: Seconds | None = None
    """When the server acknowledged the last of the harness's own writes, if it lost none of them;
    what it lost of later ones nobody can tell."""
    injected: Seconds | None = None
    """When it had been done to the target: a server that it kills is dead by then.  None: it was
    not done."""


class ProbeRecord(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One question of the experiment to the fleet, and the answer."""

    name: str
    when: str
    """`before` (any fault) or `after` (the last) for the steady-state hypothesis; `during` for a
    probe of the method."""
    at: Seconds
    done: Seconds
    answer: str | None
    """What was answered, at most 200 characters; None when nothing was."""
    expected: str | None
    """What the experiment tolerates; None: anything."""
    met: bool | None
    """Whether the answer is what was expected; None: nothing was expected, and it was answered."""
    error: str | None = None


class Sample(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One reading of one source (`redis`, `host`, `generator`, `replica:<name>`, ...)."""

    t: Seconds
    source: str
    values: dict[str, Reading]


class LoadMark(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A moment of the load's life.

    Marks, in order: `start` (time zero of the arrivals), one `phase:<name>` per phase of the
    profile, `arrivals-end`, `end` (the last conversation ended), `audited` (the late audits are
    over).  Missing marks mean that the generator died or was stopped.  At any time: `worker-lost`
    and `worker-late` (a worker of several was gone, or joined too late), `generator-lost` (the
    process in charge of the load died; the harness says so).  Faults of the load are answered by
    `spike` (with the `arrivals` that it adds to the plan; with a `rate` where the load was extended
    because a fault lasted longer than planned), `storm`, `storm-cut` or `order-refused`,
    each with the number of its `order`.
    """

    t: Seconds
    mark: str
    values: dict[str, Reading]


Record = (
    ConversationRecord
    | ArrivalRange
    | TurnRecord
    | AuditRecord
    | FaultWindow
    | ProbeRecord
    | Sample
    | LoadMark
)

FILES: dict[type[Any], str] = {
    ConversationRecord: "conversations.jsonl",
    ArrivalRange: "arrivals.jsonl",
    TurnRecord: "turns.jsonl",
    AuditRecord: "audits.jsonl",
    FaultWindow: "faults.jsonl",
    ProbeRecord: "probes.jsonl",
    Sample: "samples.jsonl",
    LoadMark: "load.jsonl",
}
"""Which file of the run directory holds which record."""
