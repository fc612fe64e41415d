"""The findings of a capacity run: demand, probes, the sustainable load, and Redis at its real size.

`capacity.json` in the directory of a capacity run holds one `CapacityFindings`.  Each probe is an
ordinary run directory beside it, from which `reports.capacity` judges the probe again.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct

from reports.figures.derive import conservative
from reports.figures.figure import Figure
from reports.model_cost.model_use import ModelUse

SCHEMA_VERSION = 1
FILE = "capacity.json"


class BusyDemand(Struct, frozen=True, kw_only=True):
    """What one turn takes of a core that is busier: at the higher load of a run with two loads."""

    low_turns_per_s: float
    """The lower load, at which the other figures of the demand are."""
    turns_per_s: float
    """The higher load."""
    share: float
    """The share of its core that the replica used at the higher load."""
    cpu_s: Figure
    """CPU seconds a turn at the higher load."""


class Demand(Struct, frozen=True, kw_only=True):
    """What one turn costs, measured at a load of about 30 % of a replica's core."""

    turns: int
    """The number of measured turns."""
    turns_per_conversation: float
    replica_cpu_s: Figure
    """CPU seconds a turn, the mean over the profile's mix."""
    replica_cpu_base_s: Figure
    """CPU seconds of a turn without history: a in a + b × earlier turns."""
    replica_cpu_per_earlier_turn_s: Figure
    """CPU seconds for each earlier turn of the conversation: b in a + b × earlier turns."""
    by_kind_cpu_s: dict[str, Figure]
    """Kind of turn → CPU seconds a turn, for example `open` (with the opening of the session),
    `tool`, `text`, `stream`."""
    others_cpu_s: Figure
    """CPU seconds a turn of the balancer, the generator and the harness."""
    redis_s: Figure
    """Seconds of Redis's main thread a turn."""
    redis_bytes: Figure
    """Bytes in Redis for each stored turn."""
    redis_session_bytes: Figure
    """Bytes in Redis for each session without its turns."""
    model_calls: Figure
    """Calls of the model a turn."""
    model_s: Figure
    """Seconds a turn waits for the model."""
    latency_s: Figure
    """The median latency of a turn at this load."""
    replica_idle_share: Figure | None = None
    """The share of its core that a replica uses without any turn; None: not measured."""
    model_use: tuple[ModelUse, ...] = ()
    """Calls and tokens a turn of each model, by the log of the stand-in; empty: it has none."""
    in_flight_limit: int | None = None
    """The most turns that a replica takes at once; None: no such limit is known."""
    busy: BusyDemand | None = None
    """The same at a higher load; None: the run had one load."""


class ProbeKind(StrEnum):
    """The purpose of a probe."""

    DEMAND = "demand"
    SEARCH = "search"
    KILL = "kill"
    """The lower bound with the replica killed once."""
    OVERLOAD = "overload"
    """The lower bound, 1.5 times that for ten seconds, and the lower bound again."""
    STEP = "step"
    """A step upward at a target."""


class Answer(StrEnum):
    """The judgement of a probe."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    """The evidence does not tell: a starved generator, missing records, or too few turns."""


class Probe(Struct, frozen=True, kw_only=True):
    """One probe: an open-loop run at one rate, judged from its records."""

    name: str
    """Its run directory, relative to that of the capacity run."""
    kind: ProbeKind
    rate: float
    """Planned turns a second in the measured part."""
    seconds: float
    """The length of the measured part."""
    seed: int
    answer: Answer
    reasons: tuple[str, ...] = ()
    """Why it failed or is unknown, worst first; empty when it passed."""
    limited_by: str | None = None
    """The resource at its limit: `replica CPU`, `Redis`, `turns in flight`, `lock or wait in the
    service`, `model`; None: nothing was at its limit."""
    offered: float | None = None
    """Turns a second that were offered in the measured part."""
    goodput: float | None = None
    """Turns a second that were answered within the latency limit."""
    cpu_share: float | None = None
    """Offered work: turns a second × CPU seconds a turn, as a share of the replica's core."""
    backlog_per_s: float | None = None
    """Growth of the number of open turns, turns a second."""
    p99_s: float | None = None
    p50_s: float | None = None
    mean_s: float | None = None
    """The mean latency of a turn; times the rate it is the turns in flight (Little's law)."""
    error_share: float | None = None
    others_share: float | None = None
    """The share of the other cores that was busy."""
    redis_share: float | None = None
    """The share of one core that Redis's main thread used."""
    carried: float | None = None
    """Turns a second that were finished while others waited: what the limiting part carries."""
    redis_work: float | None = None
    """Offered work of Redis: turns a second × seconds of its main thread a turn."""
    missed_share: float | None = None
    """The share of the turns that missed the SLO: refused, failed, late, or open too long."""
    recovered_s: float | None = None
    """Seconds from the end of the fault or the overload until latency was within its limit."""


class Sustainable(Struct, frozen=True, kw_only=True):
    """The sustainable load of one replica on one core."""

    rate: Figure
    """Turns a second; `low` passed, `high` failed."""
    conversations: Figure
    """The same in conversations a second."""
    limited_by: str | None
    predicted: Figure
    """The knee that the demand predicts (utilisation law), turns a second."""
    after_kill: Probe | None = None
    after_overload: Probe | None = None
    run_cv: float | None = None
    """The coefficient of variation of CPU a turn over the probes."""
    conclusive: bool = True
    """Whether the search ended with an answer."""
    why: str = ""
    """Why there is none, or why the interval is wide."""


class RedisRestart(Struct, frozen=True, kw_only=True):
    """One rewrite of the append-only file, and a restart after it."""

    fork_s: float
    rewrite_s: float
    rewrite_extra_bytes: float
    longest_pause_s: float
    restart_s: float


class RedisPoint(Struct, frozen=True, kw_only=True):
    """Redis holding this many sessions, measured."""

    sessions: int
    turns_per_session: float
    live_bytes: float
    """used_memory above that of the empty server."""
    expired_bytes: float
    """Expired, not yet reclaimed, and still counted in used_memory."""
    rss_bytes: float
    fragmentation: float
    """RSS / used_memory."""
    rewrite_extra_bytes: float
    """The largest additional memory while the append-only file was rewritten."""
    fork_s: float
    rewrite_s: float
    longest_pause_s: float
    """The longest time without an answer during the rewrite."""
    restart_s: float
    """From the start of the process until the first answered read, the data loaded."""
    turn_script_s: float
    """CPU of Redis's main thread for the scripts and commands of one turn, the creation of sessions
    and the write to the append-only file included."""
    turn_commands_s: float | None = None
    """The part of it within the scripts, by INFO commandstats."""
    turn_scripts_s: tuple[float, ...] = ()
    """The measurements of which `turn_script_s` is the median."""
    loaded_bytes: float | None = None
    """As `live_bytes`, after a restart: loaded data may be laid out in another way."""
    restarts: tuple[RedisRestart, ...] = ()
    """The measurements of which the figures of the rewrite and the restart are the medians; of the
    pauses the longest counts."""


class Foreseen(Struct, frozen=True, kw_only=True):
    """A size of Redis, foreseen by the lines through the other sizes."""

    sessions: int
    off: dict[str, float]
    """Name of a figure → foreseen − measured, as a share of what was measured: of the largest size
    where the line has a constant, else of this one."""


class RedisSize(Struct, frozen=True, kw_only=True):
    """Redis at its real size: the points, and straight lines through them."""

    server: str
    """Name and version."""
    points: tuple[RedisPoint, ...]
    bytes_per_session: Figure
    empty_bytes: Figure
    fragmentation: Figure
    rewrite_extra_share: Figure
    """Additional memory of a rewrite, as a share of the live bytes."""
    expired_share: Figure
    """Expired but counted bytes, as a share of the live bytes, at the profile's rate."""
    fork_s_per_gib: Figure
    restart_s_per_gib: Figure
    turn_script_s: Figure
    shard_turns_per_s: Figure
    """Turns a second that one shard carries."""
    turn_always_s: Figure | None = None
    """As `turn_script_s`, with `appendfsync always`; None: not measured."""
    left_out: tuple[str, ...] = ()
    """The numbers of sessions that were asked for and not measured, a sentence each."""
    foreseen: tuple[Foreseen, ...] = ()
    """Each size, foreseen from the others."""


class Asked(Struct, frozen=True, kw_only=True):
    """The question that the answer sheet answers, as the user asked it."""

    load: str | None = None
    """Turns a second (`840`), conversations a second (`336 conversations/s`), or a profile; None:
    the night of the profile of the probes."""
    conversations: float | None = None
    """Of the whole night of a profile; None: as many as the profile plans."""
    replicas_now: int | None = None
    shards_now: int = 1
    zones: int = 3
    prices: str | None = None
    """The user's file of prices; None: those of diya."""
    model_prices: str | None = None
    """The user's file of prices of models; None: those of diya."""


class CapacityFindings(Struct, frozen=True, kw_only=True):
    """All of `capacity.json`."""

    schema_version: int = SCHEMA_VERSION
    profile: str
    sessions: str
    agent: str | None = None
    target: str | None = None
    seed: int = 0
    asked: Asked = Asked()
    profile_values: dict[str, Any] = {}
    """The whole profile, as in `run.json`, before it became that of probes."""
    journeys: dict[str, Any] | None = None
    """The journeys, if they are not ShopMax's."""
    slo: dict[str, float] = {}
    environment: dict[str, Any] = {}
    """The machine and the versions, as in `run.json`."""
    pinned: dict[str, list[int]] = {}
    """`replica` and `others` → their cores."""
    demand: Demand | None = None
    probes: tuple[Probe, ...] = ()
    search_failed: str = ""
    """Why the search ended without an answer; empty: it has one, or has not ended."""
    sustainable: Sustainable | None = None
    redis_size: RedisSize | None = None
    replica_start_s: Figure | None = None
    """Seconds from the start of a replica's process until it answers."""
    replica_starts_s: tuple[float, ...] = ()
    """The measurements of which `replica_start_s` is the median."""
    seconds: float | None = None
    """The duration of the whole capacity run."""
    notes: tuple[str, ...] = ()
    """What limits the answer, in sentences."""

    @property
    def carried_rate(self) -> float | None:
        """Turns a second that one replica surely sustains; None: not known."""
        return None if self.sustainable is None else conservative(self.sustainable.rate)
