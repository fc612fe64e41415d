"""The record types, written by the other rooms and read by the checks.

All times are seconds since the run's time origin (`run.json`: `origin`, Unix epoch seconds), on a
clock that does not step within a process (see `RunClock`).  Records are stored one JSON object a
line, in the file named by `FILES`, append-only and flushed, so that a killed run is readable.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct

from reports.records.fault_mark import FaultMark
from reports.records.model_call import ModelCall
from reports.records.numbers import Count, Reading, Seconds, Small


class Outcome(StrEnum):
    """The known outcome of a turn (Jepsen's three outcomes)."""

    OK = "ok"
    """Acknowledged: a complete reply arrived."""
    FAIL = "fail"
    """Refused: it certainly did not happen (connection refused, 4xx, a 503 that promises it)."""
    INFO = "info"
    """May or may not have happened: time-out, reset after the send, an ordinary 5xx."""


class Fate(StrEnum):
    """The fate of a planned arrival; every planned arrival has exactly one."""

    OFFERED = "offered"
    """The conversation began and came to its end."""
    DROPPED = "dropped"
    """Not offered: the profile's limit on open conversations, or the limit on open files, was
    reached."""
    LATE = "late"
    """Not offered: the generator was too late for it."""
    LOST = "lost"
    """Lost with the generator process that should offer it, or was offering it."""
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
    """The conversation of one planned arrival; written when it has ended."""

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
    """When the generator started it, run time; `started - due` is the generator's lag."""
    opened: Seconds | None
    """When the service acknowledged the session's creation; None: it never did."""
    ended: Seconds | None
    """When its last turn ended; None: it never began."""
    fate: Fate
    turns_planned: Count
    """The number of planned turns."""
    deleted: Seconds | None = None
    """When the service acknowledged the session's deletion; None: it was not requested."""
    error: str | None = None


class ArrivalRange(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The fate of planned arrivals without a conversation record, many in one line.

    They are `first`, `first + step`, and so on, `count` in all.  A generator that is stopped or
    lost in the middle of a run may leave millions of them.
    """

    first: Count
    """The number of the first arrival."""
    count: Count
    """How many arrivals."""
    step: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    fate: Fate


NOT_SHOWN = "the target does not show conversations: "
"""The beginning of the error of a read that the target cannot answer, by no fault of its own."""
DELETION_FAILED = "the deletion ended"
"""The prefix of the error of a conversation whose session could not be deleted."""


class Seen(Struct, frozen=True, gc=False, forbid_unknown_fields=True, array_like=True):
    """The model's witness, carried by a reply: the customer messages that it was shown."""

    turns: Count
    """The number of customer messages that it was shown, the current one included."""
    chain: str
    """`chain` of the digests of those messages, in their order."""


class TurnRecord(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One turn of a conversation, retries included."""

    conversation: Count
    turn: Small
    """0-based position in the conversation."""
    turn_id: str
    """The turn's identity: the same for every attempt, unique in the run."""
    journey: str
    due: Seconds
    """The intended time of sending; latency counts from here."""
    sent: Seconds
    """When the first attempt was sent."""
    first_token: Seconds | None
    """When the first words of the reply arrived; None: none did."""
    done: Seconds
    """When the last attempt ended."""
    outcome: Outcome
    attempts: Small
    """The number of attempts, the first included."""
    replica: str | None
    """The replica that answered the last attempt; None without an answer."""
    message: str
    """`digest` of the customer's message."""
    reply: str | None
    """`digest` of the agent's final text; None without a complete reply, and in an `ok` turn that
    the agent ended without a text."""
    seen: Seen | None
    """None: the service's model gives no witness (or there was no reply)."""
    status: int | None = None
    """HTTP status of the last attempt; None when no response arrived."""
    error: str | None = None
    """Why an attempt failed: the last failure, kept even when a retry succeeded."""
    unsure: Count = 0
    """The number of ended attempts after which it is unknown whether the turn happened."""
    reopened: Seconds | None = None
    """When the customer, after a pause of a TTL, found the session gone and opened another, in
    which the turn was then taken; None: that did not happen."""
    steps: tuple[str, ...] | None = None
    """Digests of the tools' calls and results in the answer, in order; None: not recorded."""
    state: dict[str, str] | None = None
    """The turn's changes of the session's state, by the answer: the digest of each key to the
    digest of its value; None: not recorded."""
    said: str | None = None
    """`digest` of the model's text, by the model's own metadata; None: it gave none."""
    trace: str | None = None
    """The id of the turn's trace, 32 hexadecimal digits, which its requests carried; None: none."""

    @property
    def latency(self) -> float:
        """Seconds from the intended time to the end."""
        return self.done - self.due


class HistoryItem(Struct, frozen=True, gc=False, forbid_unknown_fields=True, array_like=True):
    """One event of a session as the service's API showed it."""

    turn_id: str | None
    """From the event's `customMetadata`; None when it carries none."""
    kind: str
    """`message` (the customer's), `step` (a tool's call or result), `reply` (final text)."""
    digest: str


class ArtifactItem(Struct, frozen=True, gc=False, forbid_unknown_fields=True, array_like=True):
    """One version of an artifact that an event of a session names, read through the API."""

    turn_id: str | None
    """The turn whose event names it; None when the event carries none."""
    name: str
    """`digest` of its file name."""
    version: Count
    found: bool | None
    """None: no usable answer."""
    content: str | None
    """`digest` of what the API shows of it; None without it."""


class Likeness(Struct, frozen=True, gc=False, forbid_unknown_fields=True, array_like=True):
    """A stored text that is neither one that the customer sent nor one that they got, compared with
    the one of the conversation that it is most like.  No word of it is recorded: the marks are too
    short to tell one."""

    digest: str
    """Of the stored text."""
    kind: str
    """`message` or `reply`."""
    turn: Small
    """The turn whose message or reply it is most like."""
    stored: Count
    """Words of the stored text."""
    sent: Count
    """Words of the message that was sent, or of the reply that the customer got."""
    kept: Count
    """Words that both have."""
    begins: Count
    """Words with which both begin."""
    added: tuple[Small, ...] = ()
    """Marks, two bytes of a digest, of the first words that only the stored text has."""
    taken: tuple[Small, ...] = ()
    """The same of words that only the other text has."""


class AuditRecord(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The content of a session, read back through the service's API."""

    conversation: Count
    at: Seconds
    """When the read was sent."""
    done: Seconds
    """When it was answered or given up."""
    when: str
    """`end` (the conversation just ended) or `expired` (after its TTL, or after its deletion)."""
    status: str
    """`found`, `gone` (404), or `unknown` (no usable answer)."""
    user: str | None
    """The owner of the session, by the service."""
    history: tuple[HistoryItem, ...]
    """The events of the session, in the service's order."""
    replica: str | None = None
    error: str | None = None
    state: dict[str, str] | None = None
    """The session's own state: the digest of each key to the digest of its value; None: not shown
    by the service."""
    asked: Seconds | None = None
    """When the first attempt of the read was sent, if there were several; None: `at`, or not
    recorded."""
    artifacts: tuple[ArtifactItem, ...] | None = None
    """The artifacts that the session's turns have saved, read right after it; None: none."""
    likeness: tuple[Likeness, ...] | None = None
    """The texts stored otherwise than sent or got, compared with them; None: not recorded."""


ROLLBACK = "rollback-"
"""The id of a rollback's window begins so; a rollback is no fault that was survived."""


class FaultWindow(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One injected fault."""

    id: str
    """Unique in the run, for example `kill-replica-1`."""
    fault: str
    """The class of the fault, for example `kill-replica`."""
    target: str
    """Its target, for example `r03`; several names are separated by commas."""
    start: Seconds
    """When it began."""
    end: Seconds
    """When it was healed: the target was ready again (or the healing gave up)."""
    recovered_at: Seconds | None
    """When the target's own probe answered again; None: it never did."""
    took_hold: bool
    """The fault was verified to have happened.  False makes the run INCONCLUSIVE."""
    error: str | None = None
    server_lost_since: Seconds | None = None
    """The earliest time from which the server lost acknowledged writes, by the harness's own writes
    to it; None: none were lost, or the fault did not check."""
    server_kept_until: Seconds | None = None
    """When the server acknowledged the last of the harness's own writes, if it lost none of them;
    losses of later writes are unknown."""
    injected: Seconds | None = None
    """When the injection was complete: a killed server is dead by then.  None: it was not
    injected."""
    declared: str | None = None
    """Who declared the fault, which the harness did not verify: `marked`, or the name of a file of
    windows; None: the harness verified it."""
    by_hand: str | None = None
    """The command that heals the fault by hand; set when the healing failed."""
    may_lose_since: Seconds | None = None
    """The earliest time from which acknowledged writes may be missing, by the declaration of the
    fault's author; None: it declares no loss."""
    shown_at: Seconds | None = None
    """When the author's evidence first showed that the fault took hold, while its action ran or
    after it; None: it was not asked while the action ran."""
    hits_replicas: bool | None = None
    """Whether it takes or disturbs replicas, by its author; None: its class and target decide."""


class ProbeRecord(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One probe of the experiment, and its answer."""

    name: str
    when: str
    """`before` (any fault) or `after` (the last) for the steady-state hypothesis; `during` for a
    probe of the method."""
    at: Seconds
    done: Seconds
    answer: str | None
    """The answer, at most 200 characters; None without one."""
    expected: str | None
    """The experiment's tolerance; None: any answer."""
    met: bool | None
    """Whether the answer is within the tolerance; None: no tolerance, and it was answered."""
    error: str | None = None


class Sample(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One reading of one source (`redis`, `host`, `generator`, `replica:<name>`, ...)."""

    t: Seconds
    source: str
    values: dict[str, Reading]


class LoadMark(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A milestone of the load.

    Marks, in order: `start` (time zero of the arrivals), one `phase:<name>` per phase of the
    profile, `arrivals-end`, `end` (the last conversation ended), `audited` (the late audits are
    over).  Missing marks mean that the generator died or was stopped.  At any time: `worker-lost`
    and `worker-late` (a worker of several was gone, or joined too late), `generator-lost` (the
    leading process of the load died; the harness writes it).  Faults of the load are answered by
    `spike` (with the `arrivals` that it adds to the plan; with a `rate` if the load was extended
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
    | FaultMark
    | ProbeRecord
    | Sample
    | LoadMark
    | ModelCall
)

FILES: dict[type[Any], str] = {
    ConversationRecord: "conversations.jsonl",
    ArrivalRange: "arrivals.jsonl",
    TurnRecord: "turns.jsonl",
    AuditRecord: "audits.jsonl",
    FaultWindow: "faults.jsonl",
    FaultMark: "marks.jsonl",
    ProbeRecord: "probes.jsonl",
    Sample: "samples.jsonl",
    LoadMark: "load.jsonl",
    ModelCall: "model-calls.jsonl",
}
"""Record type → its file in the run directory."""
