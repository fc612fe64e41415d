"""The result of a run, as `result.json` holds it.

The schema of the file, and its reference page, are generated from these types and their
descriptions.  A new field is written where the result is built (`reports.verdict.result`); its type
allows `UNSET`, because results of older versions do not have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, UnsetType, defstruct

from reports.gates import VIOLATIONS
from reports.measures.continuity.call_counts import ModelCalls
from reports.measures.turn_costs import TurnCosts
from reports.model_cost.money import ModelCost
from reports.records import Status
from reports.records.run_description import ExperimentDescription
from reports.records.sizing import Sizing
from reports.verdict.part_types import (
    Amount,
    Count,
    Environment,
    From1,
    Generator,
    Memory,
    Part,
    Timeline,
)
from reports.verdict.verdict import Verdict

SCHEMA_VERSION: Final = 1
Text = Annotated[str, Meta(min_length=1)]
Phase = Annotated[str, Meta(pattern="^(run|all|warmup|steady|(fault|recovery):.+)$")]
Moment = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$",
        extra_json_schema={"format": "date-time"},
    ),
]


class Sample(Part, frozen=True, kw_only=True):
    """The basis of a share or a percentile: the size of the sample and the confidence interval."""

    n: From1
    """How many turns (or arrivals) were measured."""
    low: float
    """The lower end of the interval, in the unit of the gate."""
    high: float | None
    """The upper end; null: the sample is too small to have one."""
    confidence: float
    """The confidence of the interval, a share."""
    judged_as: Annotated[str, Meta(extra_json_schema={"enum": ["p99", "share", "slowest", "none"]})]
    """`slowest`, `none`: the sample is too small for the percentile or the share; the slowest turn
    is judged, or that none was bad."""


class Gate(Part, frozen=True, kw_only=True):
    """One gate in one phase."""

    name: Annotated[str, Meta(pattern=r"^[a-z]+\.[a-z0-9_]+$")]
    """The gate."""
    title: Text
    """Its title."""
    phase: Phase
    """`run`, or the phase that it judges."""
    value: float | None
    """The measured value, in `unit`."""
    limit: float | None
    """The limit, in `unit`; null: there is none."""
    unit: str
    """The unit of value and limit; empty for a share."""
    status: Status
    """Whether it passed."""
    summary: Text
    """One sentence with value and limit."""
    evidence: Annotated[list[str], Meta(max_length=20)]
    """Up to 20 lines: the turns, times and replicas behind it."""
    out_of_sight: Annotated[bool, Meta(extra_json_schema={"const": True})] | UnsetType = UNSET
    """Unknown because a foreign target or the agent's own model does not show it, or because the
    agent leaves messages out by design: not held against the verdict."""
    sample: Sample | UnsetType = UNSET
    """The basis of a share or a percentile, in the gate's unit."""


class CauseOfFailure(Part, frozen=True, kw_only=True):
    """A cause of a failed gate."""

    name: str
    """The cause in one word."""
    sentence: str
    """The cause in one sentence."""


class ErrorCount(Part, frozen=True, kw_only=True):
    """One kind of error of the turns that waited."""

    text: str
    """The error message that customers got."""
    count: From1
    """How often."""


class DiagnosisOfGate(Part, frozen=True, kw_only=True):
    """Why a gate failed, from the records of its own time."""

    gate: str
    """The name of the gate; with `phase` it names one of `gates`."""
    phase: str
    """The phase of the gate."""
    since: float
    """When the first wait behind the gate began, run time."""
    until: float
    """When the last one ended, run time."""
    waits: Count
    """The number of turns, customers or probes that waited too long or got no answer."""
    cause: str | None
    """The cause that is named: `unhealed`, `quota`, `dearer`, `other_processes`, `machine`,
    `redis_core`, `envoy_core`, `generator_core`, `redis_memory`, `machine_memory`, `connections`,
    `redis_silent`, `model`, `replica_core`, `event_loop`, `in_flight`, `errors`, `one_shard`,
    `one_replica`; null: nothing recorded explains it."""
    sentence: str
    """The cause in one sentence, for a person."""
    causes: list[CauseOfFailure]
    """All causes that count; the first is the one that is named."""
    errors: list[ErrorCount]
    """The most frequent errors of the turns that waited, at most five kinds."""
    queue: str | None
    """Whether the queue grew before or after the fault; null: no fault, or no queue."""


class TurnCounts(Part, frozen=True, kw_only=True):
    """How many turns and conversations there were."""

    planned: Count
    """Turns that the offered conversations planned."""
    offered: Count
    """Turns that were sent."""
    ok: Count
    """Acknowledged turns."""
    failed: Count
    """Turns that certainly did not happen."""
    indeterminate: Count
    """Turns that may or may not have happened."""
    retried: Count
    """Turns with more than one attempt."""
    attempts: Count
    """Attempts of all turns."""
    conversations_planned: Count
    """Planned arrivals."""
    conversations_offered: Count
    """Conversations that came to their end."""
    replicas_seen: Count
    """Replicas that answered."""
    moved: Count
    """Turns that another replica answered than the turn before."""


class ContinuityCounts(Part, frozen=True, kw_only=True):
    """Reads, and losses that are no violation; `Continuity` adds every class of violation."""

    conversations_audited: Count
    """Conversations that were read back."""
    turns_witnessed: Count
    """Turns whose context was checked: their replies carried the model's witness, or the log of its
    stand-in shows their calls."""
    within_durability: Count
    """Acknowledged turns lost within the durability that the topology declares; not among the
    violations."""


if TYPE_CHECKING:
    Continuity = ContinuityCounts
else:
    Continuity = defstruct(
        "Continuity",
        [*((kind, Count) for kind in VIOLATIONS), *ContinuityCounts.__annotations__.items()],
        bases=(Part,),
        namespace={"__doc__": "How many turns each class of violation met."},
        module=__name__,
        frozen=True,
        kw_only=True,
    )


class Latency(Part, frozen=True, kw_only=True):
    """Acknowledged turns, seconds from the intended time."""

    count: Count
    """Acknowledged turns of the phase."""
    p50: float | None
    """Median latency, seconds."""
    p90: float | None
    """90th percentile, seconds."""
    p95: float | None
    """95th percentile, seconds."""
    p99: float | None
    """99th percentile, seconds."""
    p999: float | None
    """99.9th percentile, seconds."""
    max: float | None
    """The slowest turn, seconds."""
    first_token_p50: float | UnsetType | None = UNSET
    """Time to the first words, median, seconds; only where turns streamed."""
    first_token_p99: float | UnsetType | None = UNSET
    """Time to the first words, 99th percentile, seconds."""


class ErrorBudget(Part, frozen=True, kw_only=True):
    """Turns that the objectives of the profile allow to be bad in this run."""

    failed_allowed: float
    """Turns that may go unanswered."""
    slow_allowed: float
    """Turns that may be slow."""
    slow_limit_s: float
    """A turn slower than this is slow, seconds."""
    failed: Count
    """Turns that went unanswered."""
    slow: Count
    """Turns that were slow."""
    spent: Amount | None
    """The larger share of the two budgets that is used up, 1 is all of it; null: bad turns where
    none is allowed."""


class SpentBudget(Part, frozen=True, kw_only=True):
    """The share of the run's error budget that a fault spent."""

    failed: Count
    """Turns that went unanswered because of it."""
    slow: Count
    """Turns that were slow because of it."""
    spent: Amount | None
    """The share of the error budget that it spent."""


class Fault(Part, frozen=True, kw_only=True):
    """One fault and its impact on customers."""

    id: str
    """Unique in the run, for example `kill-replica-1`."""
    fault: str
    """The kind of fault."""
    target: str
    """The target of the fault."""
    start: float
    """When it was begun, run time."""
    end: float
    """When it was healed, run time."""
    took_hold: bool
    """Whether it was verified."""
    recovered_at: float | None
    """When the target answered again, run time; null: never."""
    downtime_s: float
    """From start to end."""
    first_ok_s: float | None
    """From its start to the first acknowledgement of a turn sent after it."""
    recovery_s: float | None
    """From its start to the end of the last disturbed turn."""
    disturbed_turns: Count
    """Turns that it disturbed."""
    failed_turns: Count
    """Of these, turns without an answer."""
    worst_outage_s: float | None
    """The longest wait of a turn that it touched."""
    sent_to_dead: Count | UnsetType | None
    """Requests that the balancer sent to a replica while it was dead; null: it could not be
    asked."""
    budget: SpentBudget | UnsetType
    """The share of the run's error budget that the fault spent, from its start until customers were
    undisturbed."""
    error: str | None
    """The error of the fault itself."""
    declared: str | UnsetType = UNSET
    """Who declared the fault, which nothing verified: `marked`, or the name of a file of windows;
    missing: diya verified it."""


class Result(Part, frozen=True, kw_only=True):
    """Times are seconds; run time counts from `started`.  Sizes are bytes.  null: not measured."""

    schema_version: Literal[1] = SCHEMA_VERSION
    """The version of this form."""
    run_id: str
    """Unique to the run."""
    name: str
    """The run directory's name."""
    started: Moment
    """When the run began, UTC."""
    duration_s: Amount
    """From the start to the last record, seconds."""
    verdict: Verdict
    """The verdict."""
    exit_code: Annotated[int, Meta(extra_json_schema={"enum": [0, 99, 75]})]
    """The exit code that goes with it."""
    headline: Text
    """The verdict's reason in one sentence."""
    reasons: list[str]
    """The sentences of the gates that did not pass, worst first."""
    gates: list[Gate]
    """Every gate."""
    diagnosis: list[DiagnosisOfGate] | UnsetType
    """Why each failed gate of latency, outage, recovery and errors failed, from the records of its
    own time; missing in results of older versions."""
    turns: TurnCounts
    """How many turns and conversations there were."""
    continuity: Continuity
    """How many turns each class of violation met."""
    model_calls: ModelCalls | UnsetType = UNSET
    """The calls of the model; only where a stand-in played it."""
    latency: dict[Phase, Latency]
    """Latency by phase (`all`, `warmup`, `steady`, `fault:ID` or `recovery:ID`), from the intended
    time."""
    error_budget: ErrorBudget | UnsetType
    """Turns that the objectives of the profile allow to be bad in this run: unanswered, or answered
    later than `slow_limit_s`."""
    faults: list[Fault]
    """Every fault that was begun."""
    memory: Memory
    """Redis memory and the memory of the replicas."""
    costs: TurnCosts | UnsetType
    """The costs of a turn, and of a session, without the faults and their recoveries; missing in
    results of older versions."""
    generator: Generator
    """Whether the load generator and the machine kept up."""
    environment: Environment
    """The parts, versions and settings of the run, with those of the machine."""
    profile: dict[str, Any]
    """The profile as it was run, from run.json."""
    slo_overrides: dict[str, float | None] | UnsetType | None
    """Limits that were set for this run (--slo) instead of the profile's: the value here is the
    profile's own, the one that counted is in profile.slo. null: every limit is the profile's."""
    sizing: Sizing | UnsetType | None
    """How the load was sized to the machine that it shared with its fleet; the profile of this
    result is the one that was played. null: it was not sized, and nothing was measured."""
    experiment: ExperimentDescription | None
    """The experiment; null: no fault was planned."""
    seed: int | None
    """The seed of arrivals and faults."""
    reproduce: list[str] | UnsetType | None
    """The words of the command that plays the run again, without secrets."""
    timeline: Timeline
    """The data of the charts."""
    model_cost: ModelCost | UnsetType = UNSET
    """What the model cost in this run, from the log of the stand-in that answered for it; missing
    without one. Tokens are the stand-in's, four bytes of text each, which is an estimate. Figures
    carry their origin."""
    simulated: str | UnsetType = UNSET
    """Only in the result of a simulation, in which no service was running: the source of its
    calibration."""
