"""`run.json`: the description of a run, written before its load begins.

Written by `harness` and by a standalone Locust, read by the generator, the judge and `--replay`,
all through `run_file`.  Error messages take the expected value from the descriptions in the types.
A key that older versions did not write has a default.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from reports.records.errors import HistoryError
from reports.records.sizing import Sizing

SCHEMA_VERSION: Final = 1
LARGEST = 1e9
ONE_SERVER: Final = "single"
"""The topology of one Redis server, the default of `--topology`."""
EXTERNAL: Final = "external"
"""The topology of a Redis that diya did not start."""
UNKNOWN: Final = "unknown"
"""The topology of a foreign target's Redis."""
NO_REDIS: Final = "none"
"""The topology of a fleet whose sessions are in a database or in a service of the user's."""
EVERY_COMMIT: Final = "every-commit"
"""The durability of a database that brings each commit to the disk before it acknowledges it."""
_SHARDS_OF_OLD_RUNS = {"cluster": 3}
"""Topology → its shards, in runs that do not record them."""
_YEAR_9999 = 253402300799.0
"""The last time that can be written as a date."""

Word = Annotated[str, Meta(description="a word")]
Words = Annotated[list[str], Meta(description="a list of words")]
Switch = Annotated[bool, Meta(description="true or false")]
Whole = Annotated[int, Meta(description="a whole number")]
Counted = Annotated[int, Meta(ge=0, le=2**63 - 1, description="a whole number from 0")]
Amount = Annotated[float, Meta(ge=0, le=1e12, description="a number from 0")]
Object = Annotated[dict[str, Any], Meta(description="an object")]
ImagesByRole = Annotated[
    dict[str, dict[str, str]], Meta(description="an object of objects of words")
]
CoresByPart = Annotated[
    dict[str, list[int]], Meta(description="an object of lists of whole numbers")
]
WordByName = Annotated[dict[str, str], Meta(description="an object of words")]


class ExperimentDescription(Struct, frozen=True, kw_only=True):
    """The judge's part of the experiment; the whole is in `experiment.yaml`."""

    title: Word | None = None
    """Its title."""
    path: Word | None = None
    """Its name or its file, as on the command line."""
    planned: Words = []
    """The ids of its planned faults."""
    steady_state: Words = []
    """The names of the probes of its steady-state hypothesis."""


class TopologyDescription(Struct, frozen=True, kw_only=True):
    """The fleet: its replicas and its Redis."""

    replicas: Counted | None = None
    """None: not known, as of a foreign target."""
    redis: Word | None = None
    """As `--topology` names it; else `external`, `unknown` or `none`."""
    aof: Word | None = None
    rdb: Switch | UnsetType | None = UNSET
    durability: Word | None = None
    """Its declared durability, for example `aof-everysec`."""
    min_replicas: Counted | UnsetType | None = UNSET
    """Redis replicas that a write needs; only of a Sentinel set."""
    shards: Counted | UnsetType | None = UNSET
    """Primaries that share the keys equally by hash slots; only of a cluster."""
    proxy: Switch | UnsetType | None = UNSET
    """Whether proxies are between the parts."""

    @property
    def one_server(self) -> bool:
        """Whether one Redis server of the fleet's own holds all data."""
        return self.redis == ONE_SERVER

    @property
    def shard_count(self) -> int | None:
        """The primaries that share the keys equally; None: each server has all keys."""
        if self.shards is UNSET:
            return _SHARDS_OF_OLD_RUNS.get(self.redis or "")
        return self.shards


class RedisServerDescription(Struct, frozen=True, kw_only=True):
    """The started Redis server."""

    name: Word | None = None
    version: Word | None = None
    allocator: Word | None = None


class EnvironmentDescription(Struct, frozen=True, kw_only=True):
    """The machine, and the versions of the software on it.  An unset key was not written."""

    diya: Word | UnsetType | None = UNSET
    python: Word | UnsetType | None = UNSET
    platform: Word | UnsetType | None = UNSET
    cores: Counted | UnsetType | None = UNSET
    memory_bytes: Counted | UnsetType | None = UNSET
    cpu: Word | UnsetType | None = UNSET
    """The name of the processor's model; None: not known."""
    machine: Word | UnsetType | None = UNSET
    """Twelve hexadecimal digits that are the same for all runs on one machine between two of its
    starts; None: not known."""
    versions: WordByName | UnsetType | None = UNSET
    """Package → version."""
    redis_server: RedisServerDescription | None = None
    """None: not started yet, a foreign one, or none."""
    database: Word | UnsetType = UNSET
    """Name and version of the database that the fleet started for the sessions; unset: none."""
    model: Word | None = None
    images: ImagesByRole | UnsetType = UNSET
    """Role → the image of its containers; unset: the roles are processes."""
    containers: WordByName | UnsetType = UNSET
    """Replica → the id of its container, if compose made it."""


class ModelDescription(Struct, frozen=True, kw_only=True):
    """The model that answered, where it was chosen for the run."""

    kind: Word
    """`stand-in` or `real`."""
    url: Word | None = None
    """The address of a stand-in that ran beside a target; None: the fleet started it."""
    settings: WordByName = {}
    """The stand-in's options, such as `latency` and `tools`; an option with its default is left
    out."""


class AccessDescription(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How requests got in at a target; no value of a header and no token is in it."""

    headers: WordByName = {}
    """Request header → the environment variable that held its value."""
    token_command: Switch = False
    """Whether a command printed the bearer token."""
    client_cert: Word | None = None
    """The file of the client's certificate."""
    client_key: Word | None = None
    """The file of its key; None: it is beside the certificate."""
    replica_header: Word | None = None
    """The response header that named the replica; None: `x-diya-replica`."""


class PodsDescription(Struct, frozen=True, kw_only=True):
    """The pods of a Kubernetes cluster that served a target."""

    context: Word | None = None
    """The context of the kubeconfig, or `in-cluster`."""
    fleet: Word | None = None
    """Its replicas, as `--fleet` names them."""
    redis_fleet: Word | None = None
    """Its Redis, as `--redis-fleet` names it."""
    aof: Word | None = None
    """When that Redis writes its append-only file to the disk, by its own settings."""
    durability: Word | None = None
    """What those settings declare, for example `aof-everysec`."""


class RunDescription(Struct, frozen=True, kw_only=True):
    """All of `run.json`."""

    schema_version: Annotated[Literal[1], Meta(description="1")]
    run_id: Word = ""
    origin: Annotated[float, Meta(ge=0, le=_YEAR_9999, description="seconds, at least 0")]
    """Unix epoch seconds of run time zero."""
    seed: Whole | None = None
    app: Word | None = None
    """The target's ADK app; None in runs of older versions."""
    agent: Word | None = None
    """The folder of the fleet's agent; None: ShopMax's."""
    checkout: Word | UnsetType = UNSET
    """The checkout of another release whose service the replicas ran; unset: this release's."""
    target: Word | None = None
    """The address of the target; None: not known yet."""
    profile: Object = {}
    """The profile, in the form of `loadtests`; its `slo` holds the limits of the gates."""
    ttl_seconds: Annotated[float, Meta(ge=0, le=LARGEST, description="seconds, at least 0")]
    """The sessions' sliding TTL as the service applies it, real seconds."""
    compression: Annotated[float, Meta(ge=0, le=LARGEST, description="a number from 0")] | None = (
        None
    )
    sessions: Word | None = None
    experiment: ExperimentDescription | None = None
    topology: TopologyDescription = TopologyDescription()
    environment: EnvironmentDescription = EnvironmentDescription()
    service: WordByName = {}
    """The settings that the replicas took from the environment, secrets left out."""
    foreign: Switch = False
    """Whether the target is a foreign service, of which only its API is visible."""
    ttl_known: Switch = True
    """False: the target's TTL is unknown, and `ttl_seconds` is the shortest possible one."""
    door: Word | UnsetType = UNSET
    """The target's API, by its word in `--door`; unset: ADK's API server."""
    token_env: Word | None = None
    """The environment variable that holds the target's bearer token."""
    access: AccessDescription | UnsetType = UNSET
    """How else requests got in at the target; unset: no option said."""
    pods: PodsDescription | UnsetType = UNSET
    """The pods that served the target; unset: it is not known what served it."""
    command: Words = []
    """The command that plays the run again, word by word; none in runs of older versions."""
    slo_overrides: Object = {}
    """Limits set for this run, each with the profile's own limit."""
    sizing: Sizing | None = None
    """The sizing of the load to the machine; None: not sized, and nothing was rehearsed."""
    journeys: Object | None = None
    """The journeys, if they are not ShopMax's."""
    simulated: Word | UnsetType = UNSET
    """The source of the calibration of a simulated run, in which no service was running; unset: a
    real run."""
    pinned: CoresByPart | UnsetType = UNSET
    """`replicas` (one core each) and `others` → the numbers of their cores; unset: not pinned."""
    model: ModelDescription | UnsetType = UNSET
    """The model; unset: the agent's own."""
    night_conversations: Amount | UnsetType = UNSET
    """Conversations of the whole sale night: the profile at full size, without compression; unset:
    no stand-in logs what they cost."""
    model_prices: Object | UnsetType = UNSET
    """The prices of models that `--model-prices` gave; unset: those of diya count."""
    services: WordByName | UnsetType = UNSET
    """`sessions`, `artifacts`, `memory` → the URI of the user's service without user and password,
    or `env:NAME`; unset: none was named."""
    drained: Switch | UnsetType = UNSET
    """False: the run ends with the last reply, and does not watch the sessions expire."""
    traced: Switch | UnsetType = UNSET
    """True: the requests of every turn carry the turn's trace (`--otlp`)."""

    @property
    def shows_sessions(self) -> bool:
        """Whether a read shows the agent's session; A2A shows the tasks of a conversation."""
        return self.door != "a2a"

    @property
    def ttl_can_be_declared(self) -> bool:
        """Whether `--ttl` may give the TTL: of the user's own session service, seen by its door."""
        own = self.services is not UNSET and "sessions" in self.services
        return (self.foreign or own) and self.shows_sessions

    @property
    def planned_faults(self) -> tuple[str, ...]:
        """The ids of the experiment's planned faults."""
        return () if self.experiment is None else tuple(self.experiment.planned)

    @property
    def steady_state(self) -> tuple[str, ...]:
        """The names of the probes of the experiment's steady-state hypothesis."""
        return () if self.experiment is None else tuple(self.experiment.steady_state)

    @property
    def model_is_ours(self) -> bool:
        """Whether the model was the scripted one, which adds a witness to every reply."""
        return (self.environment.model or "").startswith("scripted")

    @property
    def agent_is_ours(self) -> bool:
        """Whether the reference agent answered, with the scripted model."""
        return self.model_is_ours and self.agent is None and not self.foreign

    @property
    def model_is_stand_in(self) -> bool:
        """Whether a stand-in played the model, which keeps a log of its calls."""
        return self.model is not UNSET and self.model.kind == "stand-in"

    def slo(self, name: str) -> float:
        """The limit `name` of the profile.  Raises HistoryError when the profile has none."""
        limit = (self.profile.get("slo") or {}).get(name)
        if limit is None:
            raise HistoryError(f"run.json: profile.slo.{name} must be a number, got nothing")
        return float(limit)

    def slo_or(self, name: str, other: str) -> float:
        """The limit `name`, or that of `other` in a profile without it.  Raises HistoryError."""
        return self.slo(name if (self.profile.get("slo") or {}).get(name) is not None else other)
