"""The set-up of two sides: everything that is not the same, and what cannot be compared for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from reports.basics.addresses import without_passwords
from reports.comparison.metrics import Result
from reports.comparison.model import Difference
from reports.comparison.sides import SideRuns

Forbids = Literal["nothing", "machine figures", "all figures"]
_NOT_KNOWN = "not known"
_NOT_LOAD = ("name", "description", "slo")
"""Parts of the profile that do not change the load."""
_MACHINE: tuple[tuple[str, str], ...] = (
    ("environment.machine", "Machine"),
    ("environment.cpu", "Processor"),
    ("environment.cores", "Processor cores"),
    ("environment.memory_bytes", "Memory of the machine"),
)
_LOAD: tuple[tuple[str, str], ...] = (
    ("ttl_seconds", "TTL of the sessions, seconds"),
    ("environment.compression", "Compression of time"),
    ("experiment.planned", "Planned faults"),
    ("simulated", "Simulated"),
)
_OTHER: tuple[tuple[str, str], ...] = (
    ("profile.name", "Profile"),
    ("experiment.path", "Experiment"),
    ("environment.sessions", "Session service"),
    ("environment.replicas", "Replicas"),
    ("environment.model", "Model"),
    ("environment.durability", "Durability"),
    ("environment.redis.name", "Redis server"),
    ("environment.redis.version", "Version of the Redis server"),
    ("environment.redis.allocator", "Allocator of the Redis server"),
    ("environment.redis.topology", "Topology of Redis"),
    ("environment.redis.aof", "Append-only file of Redis"),
    ("environment.platform", "Operating system"),
    ("environment.diya", "Version of diya"),
    ("environment.python", "Version of Python"),
)
_OPEN = (
    ("environment.versions.", "Version of "),
    ("environment.images.", "Image of "),
    ("profile.slo.", "Limit "),
)
"""Prefixes of keys that a run may or may not have, which forbid nothing."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """The differences, and the reasons against a comparison; empty: there is none."""

    differences: tuple[Difference, ...]
    against_all: str
    """Against all figures: another load."""
    against_machine: str
    """Against figures that depend on the machine: another machine."""
    against_limits: str
    """Against figures and gates that depend on the limits of the profile."""


def set_up(a: SideRuns, b: SideRuns, *, same_machine: bool = False) -> SetUp:
    """Compare the set-up.  `same_machine`: the user knows that the machine is the same."""
    flat = [[_flat(result) for result in side.results] for side in (a, b)]
    keys = list(dict.fromkeys(key for side in flat for run in side for key in run))
    found = [
        *_load(flat, keys),
        *(() if same_machine else _machine(flat)),
        *_others(flat, keys, same_machine=same_machine),
    ]
    limits = any(each.key.startswith("profile.slo.") for each in found)
    return SetUp(
        tuple(found),
        next((each.why for each in found if each.forbids == "all figures"), ""),
        next((each.why for each in found if each.forbids == "machine figures"), ""),
        "The limits of A and B differ." if limits else "",
    )


def _load(flat: Sequence[Sequence[Mapping[str, str]]], keys: Sequence[str]) -> Iterator[Difference]:
    profile = [
        (key, f"Load of the profile: {key.removeprefix('profile.')}")
        for key in keys
        if key.startswith("profile.") and key.split(".")[1] not in _NOT_LOAD
    ]
    for key, title in [*profile, *_LOAD, ("sizing.factor", "Size of the load")]:
        a, b = _values(flat, key)
        if a != b or len(a) > 1:
            why = "A and B played different loads."
            if a == b:
                why = "The runs of a side played different loads."
            if key == "sizing.factor":
                why = "The load was sized differently: give all runs one `--scale`."
            yield _difference(key, title, a, b, "all figures", why)


def _machine(flat: Sequence[Sequence[Mapping[str, str]]]) -> Iterator[Difference]:
    for key, title in _MACHINE:
        a, b = _values(flat, key)
        if key == "environment.machine" and _NOT_KNOWN in {*a, *b}:
            why = "Nothing records whether A and B were played on one machine."
            yield _difference(key, title, a, b, "machine figures", why)
        elif a != b:
            why = "A was played on another machine."
            yield _difference(key, title, a, b, "machine figures", why)
        elif len(a) > 1:
            why = "The runs of a side were played on several machines."
            yield _difference(key, title, a, b, "machine figures", why)


def _others(
    flat: Sequence[Sequence[Mapping[str, str]]], keys: Sequence[str], *, same_machine: bool
) -> Iterator[Difference]:
    rows = [*_OTHER, *(_MACHINE if same_machine else ())]
    for prefix, title in _OPEN:
        rows += [(key, title + key.removeprefix(prefix)) for key in keys if key.startswith(prefix)]
    for key, title in rows:
        a, b = _values(flat, key)
        if a != b:
            yield _difference(key, title, a, b, "nothing", "")


def _values(flat: Sequence[Sequence[Mapping[str, str]]], key: str) -> list[list[str]]:
    """The values of each side, without repetitions."""
    return [sorted({run.get(key, _NOT_KNOWN) for run in side}) for side in flat]


def _difference(
    key: str, title: str, a: list[str], b: list[str], forbids: Forbids, why: str
) -> Difference:
    return Difference(
        key=key, title=title, a=", ".join(a), b=", ".join(b), forbids=forbids, why=why
    )


def _flat(result: Result) -> dict[str, str]:
    """Dotted key → value, as a person reads it; a value that is not known is left out."""
    parts = ("profile", "environment", "sizing", "experiment", "simulated")
    known = {part: result.get(part) for part in parts}
    ttl = (result.get("memory") or {}).get("ttl_seconds")
    found = dict(_leaves({**known, "ttl_seconds": ttl}, ""))
    found.setdefault("sizing.factor", "1")
    found.setdefault("simulated", "no")
    found.setdefault("experiment.planned", "none")
    return found


def _leaves(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _leaves(each, f"{key}.{name}" if key else str(name))
    elif value is not None and value != []:
        yield key, _readable(value)


def _readable(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
        return ", ".join(_readable(each) for each in value)
    return without_passwords(str(value))
