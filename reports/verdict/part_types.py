"""The parts of a result that describe the run: memory, generator, environment and timeline.

The schema of `result.json`, and its reference page, are generated from these types and their
descriptions.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

Count = Annotated[int, Meta(ge=0)]
Amount = Annotated[float, Meta(ge=0)]
Above0 = Annotated[float, Meta(gt=0)]
From1 = Annotated[int, Meta(ge=1)]


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a result.  A field that may be unset is missing where it does not apply."""


class MemoryForecast(Part, frozen=True, kw_only=True):
    """The forecast of Redis memory, beside the measured one."""

    predicted_peak_bytes: Amount
    """The peak that was forecast."""
    measured_peak_bytes: float | None
    """The peak that was measured."""
    error: float | None
    """Predicted by measured, less 1: below 0, more was measured; null: the peak was not measured,
    or the run was cut short."""


class Memory(Part, frozen=True, kw_only=True):
    """Redis and the replicas, bytes."""

    baseline_bytes: float | None
    """Redis before the load."""
    peak_bytes: float | None
    """Redis at its peak."""
    final_bytes: float | None
    """Redis after the last TTL."""
    peak_keys: float | None
    """Keys at the peak."""
    final_keys: float | None
    """Keys after the last TTL."""
    expired_keys: float | None
    """Keys that expired."""
    evicted_keys: float | None
    """Keys that Redis evicted."""
    keys_without_ttl_max: float | None
    """The most keys without a TTL at one time."""
    bytes_per_live_conversation: float | None
    """Redis memory of one live conversation."""
    fleet_rss_baseline_bytes: float | None
    """All replicas before the load."""
    fleet_rss_peak_bytes: float | None
    """All replicas at their peak."""
    fleet_rss_final_bytes: float | None
    """All replicas at the end."""
    ttl_seconds: float
    """The real TTL."""
    forecast: MemoryForecast | UnsetType | None
    """The forecast of Redis memory, beside the measured one; null: there was no forecast."""
    database_baseline_bytes: float | UnsetType = UNSET
    """The database that holds the sessions, before the load; missing: there was none that could be
    asked."""
    database_peak_bytes: float | UnsetType = UNSET
    """The database at its largest."""
    database_final_bytes: float | UnsetType = UNSET
    """The database in its last sample."""


class Generator(Part, frozen=True, kw_only=True):
    """Whether the load generator and the machine kept up."""

    send_lag_p99_s: float | UnsetType | None
    """Lag before later turns, 99th percentile."""
    send_lag_max_s: float | UnsetType | None
    """The longest lag before a later turn."""
    lag_p50_s: float | None
    """Lag of arrivals, median."""
    lag_p99_s: float | None
    """Lag of arrivals, 99th percentile."""
    lag_max_s: float | None
    """The longest lag of an arrival."""
    foreign_cpu_percent: float | UnsetType | None
    """The most that processes that are not the run's used of all processors over 5 s of the load;
    null: not known."""
    cpu_max_percent: float | None
    """The most CPU of one generator process, percent of a core."""


class Redis(Part, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """The Redis server."""

    name: str | None
    """`redis` or `valkey`."""
    version: str | None
    """Its version."""
    allocator: str | None
    """Its memory allocator."""
    topology: str | None
    """`single`, `sentinel`, `cluster`, `external`, `unknown` or `none`."""
    aof: str | None
    """Its append-only file: `off`, `everysec` or `always`."""


class Environment(Part, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """The parts, versions and settings of the run, with those of the machine."""

    diya: str | UnsetType | None
    """The version of diya."""
    python: str | UnsetType | None
    """The version of Python."""
    platform: str | UnsetType | None
    """The operating system."""
    cores: int | UnsetType | None
    """The processors of the machine."""
    memory_bytes: int | UnsetType | None
    """The memory of the machine."""
    cpu: str | UnsetType | None
    """The name of the processor's model; null: not known."""
    machine: str | UnsetType | None
    """Twelve hexadecimal digits, the same for all runs on one machine between two of its starts;
    null: not known."""
    versions: dict[str, str] | UnsetType | None
    """Package → version."""
    database: str | UnsetType
    """Name and version of the database that the fleet started for the sessions; missing: none."""
    model: str | None
    """The model that replied."""
    images: dict[str, dict[str, str]] | UnsetType
    """Role → name and id of the image of its containers; missing: the roles are processes."""
    containers: dict[str, str] | UnsetType
    """Replica → the id of its container, if compose made it."""
    replicas: int | None
    """How many replicas."""
    redis: Redis
    """The Redis server."""
    durability: str | None
    """The durability that the topology declares."""
    sessions: str | None
    """The session service."""
    compression: float | None
    """How many sale seconds pass in one real second."""


class PhaseSpan(Part, frozen=True, kw_only=True):
    """A phase of the profile in the timeline."""

    name: str
    """Its name."""
    start: float
    """Its start, run time."""
    end: float
    """Its end, run time."""


class FaultSpan(Part, frozen=True, kw_only=True):
    """A fault in the timeline."""

    id: str
    """The fault's id."""
    start: float
    """Its start, run time."""
    end: float
    """Its end, run time."""
    recovered_at: float | None
    """When the target answered again, run time; null: never."""


class Timeline(Part, frozen=True, kw_only=True):
    """Aligned arrays: entry i covers run time t[i] to t[i] + step_s.

    Turns are counted where they ended, latency (p50, p99) where it was due; null: nothing there.
    """

    step_s: Above0
    """The length of a step, seconds."""
    t: list[float]
    """The beginning of each step, run time."""
    load_start: float | None
    """When the arrivals began, run time."""
    load_end: float | None
    """When the last conversation ended, run time."""
    phases: list[PhaseSpan]
    """The phases of the profile."""
    faults: list[FaultSpan]
    """The faults."""
    turns_ok: list[int]
    """Turns of each step: acknowledged."""
    turns_failed: list[int]
    """Turns of each step: failed."""
    turns_info: list[int]
    """Turns of each step: of unknown outcome."""
    turns_retried: list[int]
    """Turns of each step: with more than one attempt."""
    p50: list[float | None]
    """Median latency of each step, seconds."""
    p99: list[float | None]
    """99th percentile of each step, seconds."""
    redis_bytes: list[float | None]
    """Redis memory at each step."""
    redis_forecast_bytes: list[float | None] | UnsetType
    """The forecast of Redis memory, computed before the load began."""
    redis_keys: list[float | None]
    """Keys at each step."""
    redis_expired: list[float | None]
    """Keys that had expired by each step."""
    fleet_rss_bytes: list[float | None]
    """Memory of all replicas at each step."""
    host_cpu_percent: list[float | None]
    """CPU of the machine at each step, percent."""
    open_conversations: list[float | None]
    """Open conversations at each step."""
