"""Profiles that extend another profile: their own values replace those of the other.

    extends = "diwali"          # by name, or a .toml file, relative to this one
    name = "mine"
    [change.opening]            # other values in the phase of that name
    hold = 20

Sections are merged key by key.  Weights (`[journeys]`, `languages`) and lists are replaced as a
whole.  A file with its own phases does not inherit spikes and cliffs, which belong to the other
profile's phases.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loadtests.profiles.source import Source, read_toml
from reports.basics.suggestions import nearest

_DAY = ("phase", "spike", "cliff")
_WHOLE = ("journeys", "languages")


def read(path: Path, folder: Path, below: tuple[Path, ...] = ()) -> Source:
    """Read a profile and its base profiles; `folder` holds the profiles that are known by name.

    `below` are the files that extend this one.  Raises ProfileError.
    """
    source = read_toml(path)
    _find_logs(source, path.parent)
    if "extends" not in source.values:
        if "change" in source.values:
            raise source.error("", 0, "change", "[change] needs 'extends': it changes its phases")
        return source
    base_path = _base(source, path, folder)
    chain = (*below, path.resolve())
    if base_path.resolve() in chain:
        raise source.error("", 0, "extends", f"'extends' goes in a circle: back to {base_path}")
    return _extended(source, read(base_path, folder, chain))


def _base(source: Source, path: Path, folder: Path) -> Path:
    wanted = source.values["extends"]
    names = sorted(each.stem for each in folder.glob("*.toml"))
    if wanted in names:
        return folder / f"{wanted}.toml"
    if isinstance(wanted, str) and wanted.endswith(".toml"):
        return path.parent / wanted
    hint = nearest(str(wanted), names)
    raise source.error(
        "", 0, "extends", f"'extends' must be a profile's name or .toml file, got {wanted!r}{hint}"
    )


def _find_logs(source: Source, folder: Path) -> None:
    """Make a log's path relative to the file that names it."""
    phases = source.values.get("phase")
    for phase in phases if isinstance(phases, list) else ():
        if isinstance(phase, dict) and isinstance(phase.get("csv"), str):
            phase["csv"] = str(folder / phase["csv"])


def _extended(source: Source, base: Source) -> Source:
    own, other = dict(source.values), dict(base.values)
    del own["extends"]
    # A run is known by its profile's name, so two loads must not share one.
    other.pop("name", None)
    changes = own.pop("change", None)
    if "phase" in own:
        if changes is not None:
            wrong = "there must be either [change] or [[phase]], got both"
            raise source.error("", 0, "change", wrong)
        other = {key: value for key, value in other.items() if key not in _DAY}
    merged = Source.over(source, base, _merged(own, other), hidden=_replaced(own, other))
    if changes is not None:
        _change(merged, changes)
    return merged


def _merged(own: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    result = {**other, **own}
    for key, value in own.items():
        before = other.get(key)
        if key not in _WHOLE and isinstance(value, dict) and isinstance(before, dict):
            result[key] = _merged(value, before)
    return result


def _replaced(own: dict[str, Any], other: dict[str, Any], section: str = "") -> list[str]:
    """The paths of the values that `own` replaces as a whole instead of merging."""
    found: list[str] = []
    for key, value in own.items():
        path, before = f"{section}{key}", other.get(key)
        if key not in _WHOLE and isinstance(value, dict) and isinstance(before, dict):
            found += _replaced(value, before, f"{path}.")
        else:
            found.append(path)
    return found


def _change(merged: Source, changes: Any) -> None:
    """Put the values of every [change.NAME] into the phase NAME."""
    phases = merged.values.get("phase")
    if not isinstance(phases, list) or not isinstance(changes, dict):
        raise merged.error("", 0, "change", "[change.NAME] changes the phase NAME: found no phases")
    names = [phase.get("name") if isinstance(phase, dict) else None for phase in phases]
    phases = list(phases)
    for name, values in changes.items():
        section = f"change.{name}"
        if name not in names or not isinstance(values, dict):
            hint = nearest(name, map(str, names))
            raise merged.error(section, 0, None, f"[{section}]: no such phase{hint}")
        index = names.index(name)
        phases[index] = {**phases[index], **values}
        merged.lead(("phase", index), (section, 0), values)
    merged.values["phase"] = phases
