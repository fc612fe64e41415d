"""`run.json`: what was known of a run before anything started."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reports.records.errors import HistoryError
from reports.records.sizing import Sizing, read_sizing

SCHEMA_VERSION = 1
_LARGEST = 1e9
_FINITE = 1e300
_MOST_SHOWN = 80
_YEAR_9999 = 253402300799.0
"""The last moment that has a date."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """The parts of `run.json` that the checks and the result read."""

    run_id: str
    origin: float
    """Unix epoch seconds of run time zero."""
    seed: int | None
    ttl_seconds: float
    """The sessions' sliding TTL as the service applied it, real seconds."""
    compression: float | None
    sessions: str | None
    profile: dict[str, Any]
    experiment: dict[str, Any] | None
    topology: dict[str, Any]
    environment: dict[str, Any]
    foreign: bool = False
    """The target is somebody else's service, of which nothing is known but what its API shows."""
    ttl_known: bool = True
    """False: `ttl_seconds` is the shortest TTL that the target may have; it may be any longer."""
    app: str | None = None
    """The ADK app that was asked; None in runs that do not say."""
    command: tuple[str, ...] = ()
    """The words of the command that plays the run again; none in runs of older versions."""
    slo_overrides: dict[str, float] = field(default_factory=dict)
    """Limits that were set for this run instead of the profile's, each with the profile's own."""
    sizing: Sizing | None = None
    """How the load was sized to the machine; None: it was not, and nothing was rehearsed."""

    @property
    def planned_faults(self) -> tuple[str, ...]:
        """The ids of the faults that the experiment promised."""
        return tuple((self.experiment or {}).get("planned") or ())

    @property
    def steady_state(self) -> tuple[str, ...]:
        """The names of the probes of the experiment's steady-state hypothesis."""
        return tuple((self.experiment or {}).get("steady_state") or ())

    @property
    def replicas(self) -> int | None:
        """How many replicas the run had; None when that is not known (a foreign target)."""
        replicas = self.topology.get("replicas")
        return replicas if isinstance(replicas, int) and not isinstance(replicas, bool) else None

    @property
    def durability(self) -> str | None:
        """What the topology declares it keeps, for example `aof-everysec`."""
        durability = self.topology.get("durability")
        return None if durability is None else str(durability)

    @property
    def model_is_ours(self) -> bool:
        """True when the model was the scripted one, which bears witness on every reply."""
        return str(self.environment.get("model", "")).startswith("scripted")

    def slo(self, name: str) -> float:
        """The limit `name` of the profile.  Raises HistoryError when the profile has none."""
        limit = (self.profile.get("slo") or {}).get(name)
        if limit is None:
            raise HistoryError(f"run.json: profile.slo.{name}: None, expected a number")
        return float(limit)

    def slo_or(self, name: str, other: str) -> float:
        """The limit `name`, or that of `other` in a profile without it.  Raises HistoryError."""
        return self.slo(name if (self.profile.get("slo") or {}).get(name) is not None else other)


def read_run_info(run_dir: Path) -> RunInfo:
    """Read `run.json`.  Raises HistoryError when it is missing or is not such a file."""
    path = run_dir / "run.json"
    try:
        values = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise HistoryError(f"{run_dir}: not a run directory: it has no run.json") from None
    except OSError as error:
        raise HistoryError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise HistoryError(f"{path}: not JSON: {error}") from None
    if not isinstance(values, dict):
        raise HistoryError(f"{path}: expected a JSON object")
    version = values.get("schema_version")
    if version != SCHEMA_VERSION:
        raise HistoryError(f"{path}: schema_version: {_shown(version)}, expected {SCHEMA_VERSION}")
    _check_text(path, values)
    profile, experiment = _object(path, values, "profile"), _object(path, values, "experiment")
    _limits(path, profile, "slo", "profile.slo")
    topology, environment = _object(path, values, "topology"), _object(path, values, "environment")
    server = _object(path, environment, "redis_server", "environment.redis_server")
    for key in ("redis", "aof", "durability"):
        _word(path, topology, key, f"topology.{key}")
    for key in ("name", "version", "allocator"):
        _word(path, server, key, f"environment.redis_server.{key}")
    for key in ("planned", "steady_state"):
        if key in experiment:
            _words(path, experiment, key, f"experiment.{key}")
    for key in ("title", "path"):
        _word(path, experiment, key, f"experiment.{key}")
    return RunInfo(
        run_id=str(values.get("run_id", "")),
        origin=_number(path, values, "origin", most=_YEAR_9999),
        seed=_seed(path, values),
        ttl_seconds=_number(path, values, "ttl_seconds", most=_LARGEST),
        compression=values["compression"] if _is_number(values.get("compression")) else None,
        sessions=None if values.get("sessions") is None else str(values["sessions"]),
        profile=profile,
        experiment=experiment or None,
        topology=topology,
        environment=environment,
        foreign=values.get("foreign") is True,
        ttl_known=values.get("ttl_known") is not False,
        app=None if values.get("app") is None else str(values["app"]),
        command=_words(path, values, "command"),
        slo_overrides=_limits(path, values, "slo_overrides", "slo_overrides"),
        sizing=read_sizing(path, values),
    )


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and -_FINITE <= value <= _FINITE


def _number(path: Path, values: dict[str, Any], key: str, most: float) -> float:
    value = values.get(key)
    if value is None or not _is_number(value) or not 0 <= value <= most:
        raise HistoryError(f"{path}: {key}: {_shown(value)}, expected seconds, at least 0")
    return float(value)


def _seed(path: Path, values: dict[str, Any]) -> int | None:
    seed = values.get("seed")
    if seed is None:
        return None
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise HistoryError(f"{path}: seed: {_shown(seed)}, expected a whole number")
    return seed


def _object(path: Path, values: dict[str, Any], key: str, name: str = "") -> dict[str, Any]:
    value = values.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise HistoryError(f"{path}: {name or key}: {_shown(value)}, expected an object")
    return value


def _limits(path: Path, values: dict[str, Any], key: str, name: str) -> dict[str, Any]:
    limits = _object(path, values, key, name)
    for each, limit in limits.items():
        if limit is not None and not (_is_number(limit) and 0 <= limit <= _LARGEST):
            raise HistoryError(f"{path}: {name}.{each}: {_shown(limit)}, expected a number")
    return limits


def _words(path: Path, values: dict[str, Any], key: str, name: str = "") -> tuple[str, ...]:
    words = values.get(key, [])
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise HistoryError(f"{path}: {name or key}: {_shown(words)}, expected a list of words")
    return tuple(words)


def _word(path: Path, values: dict[str, Any], key: str, name: str) -> None:
    word = values.get(key)
    if word is not None and not isinstance(word, str):
        raise HistoryError(f"{path}: {name}: {_shown(word)}, expected a word")


def _check_text(path: Path, values: dict[str, Any]) -> None:
    """Everything in it goes into the result: it must be text that can be written again."""
    try:
        json.dumps(values, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise HistoryError(f"{path}: holds what is no text or no number: {error}") from None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
