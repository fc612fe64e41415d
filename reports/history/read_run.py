"""From a result to its row, and to the set-up that it was played with."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from reports.history.key_figures import KEY_FIGURES
from reports.history.model import PlayedRun

Result = dict[str, Any]

_SHOWN = 12
_NO_LOAD = ("slo", "name", "title", "description")
"""Keys of a profile that do not change the load."""


def is_result(value: object) -> bool:
    """Whether this is a result: a file of that name may be anything."""
    return isinstance(value, dict) and all(
        isinstance(value.get(key), str) for key in ("run_id", "started", "verdict")
    )


def row(result: Result, path: str) -> PlayedRun:
    """The row of a result, which lay in the folder `path`."""
    environment = _part(result, "environment")
    scale = _part(result, "sizing").get("factor")
    seed = result.get("seed")
    return PlayedRun(
        name=str(result.get("name") or path),
        path=path,
        run_id=str(result["run_id"]),
        started=str(result["started"]),
        verdict=str(result["verdict"]),
        headline=str(result.get("headline") or ""),
        seed=seed if isinstance(seed, int) else None,
        machine=_machine(environment),
        load=_load(_part(result, "profile")),
        scale=float(scale) if isinstance(scale, int | float) else None,
        versions=_versions(environment),
        figures={key: figure.read(result) for key, figure in KEY_FIGURES.items()},
    )


def set_up(result: Result) -> dict[str, str]:
    """The choices of the user: runs are in one group where all of these are the same.

    The versions and the machine are not in it: a change of them is to be seen in the group.
    """
    environment = _part(result, "environment")
    redis = _part(environment, "redis")
    experiment = _part(result, "experiment")
    planned = experiment.get("planned") or ()
    chosen: dict[str, object] = {
        "profile": _part(result, "profile").get("name"),
        "faults": ", ".join(map(str, planned)) or "none",
        "sessions": environment.get("sessions"),
        "replicas": environment.get("replicas"),
        "Redis": redis.get("topology"),
        "append-only file": redis.get("aof"),
        "model": environment.get("model"),
        "compression": environment.get("compression"),
        "simulated": "yes" if result.get("simulated") else None,
    }
    return {title: _text(value) for title, value in chosen.items() if value is not None}


def same_experiment(a: Result, b: Result) -> bool:
    """Whether two runs had a profile of one name and the same planned faults."""
    return _experiment(a) == _experiment(b)


def same_load(a: Result, b: Result) -> bool:
    """Whether the profiles of two runs, after scaling, were the same load."""
    return _load(_part(a, "profile")) == _load(_part(b, "profile"))


def _experiment(result: Result) -> tuple[object, ...]:
    planned = _part(result, "experiment").get("planned") or ()
    return (_part(result, "profile").get("name"), *planned)


def _part(value: dict[str, Any], key: str) -> dict[str, Any]:
    part = value.get(key)
    return part if isinstance(part, dict) else {}


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _machine(environment: dict[str, Any]) -> str:
    known = environment.get("machine")
    if isinstance(known, str) and known:
        return known
    described = (environment.get(key) for key in ("cpu", "platform", "cores", "memory_bytes"))
    return " / ".join(_text(each) for each in described if each is not None) or "unknown"


def _load(profile: dict[str, Any]) -> str:
    kept = {key: value for key, value in profile.items() if key not in _NO_LOAD}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:_SHOWN]


def _versions(environment: dict[str, Any]) -> dict[str, str]:
    redis = _part(environment, "redis")
    found = {
        "diya": environment.get("diya"),
        "python": environment.get("python"),
        str(redis.get("name") or "Redis"): redis.get("version"),
        **_part(environment, "versions"),
    }
    return {name: str(version) for name, version in found.items() if version}
