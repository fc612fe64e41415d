"""`run.json`: what is known of a run before its load begins.

Written by `harness` and by a Locust that is started alone, read by the generator, the judge and
`--replay`, all through `run_file`.  The descriptions in the types are what an error says that a
value must be.  A key that older versions did not write has a default.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from reports.records.errors import HistoryError
from reports.records.sizing import Sizing

SCHEMA_VERSION: Final = 1
LARGEST = 1e9
_YEAR_9999 = 253402300799.0
"""The last moment that has a date."""

Word = Annotated[str, Meta(description="a word")]
Words = Annotated[list[str], Meta(description="a list of words")]
Switch = Annotated[bool, Meta(description="true or false")]
Whole = Annotated[int, Meta(description="a whole number")]
Counted = Annotated[int, Meta(ge=0, le=2**63 - 1, description="a whole number from 0")]
Object = Annotated[dict[str, Any], Meta(description="an object")]
ImagesByRole = Annotated[
    dict[str, dict[str, str]], Meta(description="an object of objects of words")
]
WordByName = Annotated[dict[str, str], Meta(description="an object of words")]


class ExperimentDescription(Struct, frozen=True, kw_only=True):
    """The experiment, as far as the judge must know it; the whole is in `experiment.yaml`."""

    title: Word | None = None
    path: Word | None = None
    """Its name or its file, as one would name it on the command line."""
    planned: Words = []
    """The ids of the faults that it promises."""
    steady_state: Words = []
    """The names of the probes of its steady-state hypothesis."""


class TopologyDescription(Struct, frozen=True, kw_only=True):
    """The fleet: its replicas and its Redis."""

    replicas: Counted | None = None
    """None: not known, as of a foreign target."""
    redis: Word | None = None
    """`single`, `sentinel` or `cluster`; else `external` or `unknown`."""
    aof: Word | None = None
    rdb: Switch | UnsetType | None = UNSET
    durability: Word | None = None
    """What it declares that it keeps, for example `aof-everysec`."""
    min_replicas: Counted | UnsetType | None = UNSET
    """Redis replicas that must be there for a write; only of `sentinel`."""
    proxy: Switch | UnsetType | None = UNSET
    """Whether proxies are on the way."""


class RedisServerDescription(Struct, frozen=True, kw_only=True):
    """The Redis server that was started."""

    name: Word | None = None
    version: Word | None = None
    allocator: Word | None = None


class EnvironmentDescription(Struct, frozen=True, kw_only=True):
    """The machine, and the versions of what ran on it.  A key that is unset was not written."""

    diya: Word | UnsetType | None = UNSET
    python: Word | UnsetType | None = UNSET
    platform: Word | UnsetType | None = UNSET
    cores: Counted | UnsetType | None = UNSET
    memory_bytes: Counted | UnsetType | None = UNSET
    versions: WordByName | UnsetType | None = UNSET
    """Package → version."""
    redis_server: RedisServerDescription | None = None
    """None: not started yet, or not ours."""
    model: Word | None = None
    images: ImagesByRole | UnsetType = UNSET
    """Role → the image of its containers; unset: they are processes."""
    containers: WordByName | UnsetType = UNSET
    """Replica → the id of its container, where compose made it."""


class RunDescription(Struct, frozen=True, kw_only=True):
    """All of `run.json`."""

    schema_version: Annotated[Literal[1], Meta(description="1")]
    run_id: Word = ""
    origin: Annotated[float, Meta(ge=0, le=_YEAR_9999, description="seconds, at least 0")]
    """Unix epoch seconds of run time zero."""
    seed: Whole | None = None
    app: Word | None = None
    """The ADK app that is asked; None in runs that do not say."""
    agent: Word | None = None
    """The folder of the agent that the fleet serves; None: ShopMax's."""
    target: Word | None = None
    """Where the load goes; None: not known yet."""
    profile: Object = {}
    """As `loadtests` reads it; its `slo` are the limits of the gates."""
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
    """The target is somebody else's service, of which nothing is known but what its API shows."""
    ttl_known: Switch = True
    """False: `ttl_seconds` is the shortest TTL that the target may have; it may be any longer."""
    token_env: Word | None = None
    """The environment variable that holds the target's bearer token."""
    command: Words = []
    """The words of the command that plays the run again; none in runs of older versions."""
    slo_overrides: Object = {}
    """Limits that were set for this run instead of the profile's, each with the profile's own."""
    sizing: Sizing | None = None
    """How the load was sized to the machine; None: it was not, and nothing was rehearsed."""
    journeys: Object | None = None
    """The journeys, where they are not ShopMax's."""

    @property
    def planned_faults(self) -> tuple[str, ...]:
        """The ids of the faults that the experiment promised."""
        return () if self.experiment is None else tuple(self.experiment.planned)

    @property
    def steady_state(self) -> tuple[str, ...]:
        """The names of the probes of the experiment's steady-state hypothesis."""
        return () if self.experiment is None else tuple(self.experiment.steady_state)

    @property
    def model_is_ours(self) -> bool:
        """True when the model was the scripted one, which bears witness on every reply."""
        return (self.environment.model or "").startswith("scripted")

    def slo(self, name: str) -> float:
        """The limit `name` of the profile.  Raises HistoryError when the profile has none."""
        limit = (self.profile.get("slo") or {}).get(name)
        if limit is None:
            raise HistoryError(f"run.json: profile.slo.{name} must be a number, got nothing")
        return float(limit)

    def slo_or(self, name: str, other: str) -> float:
        """The limit `name`, or that of `other` in a profile without it.  Raises HistoryError."""
        return self.slo(name if (self.profile.get("slo") or {}).get(name) is not None else other)
