"""`diya report --windows FILE`: the faults that were done to a run, as TOML, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
import math
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from reports.basics.texts import read_text
from reports.records import FILES, FaultWindow, LoadMark, TurnRecord, lines, run_file
from reports.records.declared_faults import NAME_IS, is_name, window
from reports.records.run_description import RunDescription

_KEYS = ("name", "start", "end", "target", "lost_unsynced")
_REQUIRED = _KEYS[:3]
_TABLE = "window"
_WORDS = {"true": True, "false": False, "": False}
"""The values of `lost_unsynced` in a CSV file."""
_TIME = "must be seconds of the run, or an ISO time with its time zone"
_LONGEST_S = 1e9
"""Records take no moment that is centuries away."""
_MOST_TOLD = 40
"""Characters of a value that is refused."""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Load:
    """The load of the run; times are run time."""

    origin: float
    start: float
    end: float

    def __str__(self) -> str:
        """`2.1 s to 10.4 s, 2026-11-01T02:26:42Z to 2026-11-01T02:26:50Z`."""
        first, last = (
            datetime.fromtimestamp(self.origin + t, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            for t in (self.start, self.end)
        )
        return f"{self.start:.1f} s to {self.end:.1f} s, {first} to {last}"


def read(path: Path, run_dir: Path) -> list[FaultWindow]:
    """The windows of the file, for the run in this directory.

    Raises ConfigError, one sentence, for a file that cannot be read or holds anything else, and for
    a window outside of the load; HistoryError for a directory without a run.
    """
    load = _load(run_dir)
    read_rows = _FORMATS.get(path.suffix.lower())
    if read_rows is None:
        raise ConfigError(f"--windows {path}: must be a file that ends with {', '.join(_FORMATS)}")
    try:
        rows = read_rows(read_text(path))
    except OSError as error:
        raise ConfigError(f"--windows {path}: cannot be read: {error.strerror}") from None
    except (ValueError, csv.Error, RecursionError) as error:
        kind = path.suffix[1:].upper()
        raise ConfigError(f"--windows {path}: must be {kind} of windows: {error}") from None
    return [
        _window(f"--windows {path}: window {n}", row, path, load) for n, row in enumerate(rows, 1)
    ]


def _load(run_dir: Path) -> _Load:
    origin = run_file.read(run_dir, RunDescription).origin
    marks = {each.mark: each.t for each in lines.read(run_dir / FILES[LoadMark], LoadMark, [])}
    if "start" not in marks:
        raise ConfigError(f"{run_dir}: must be a run whose load began, to be judged with --windows")
    end = marks.get("end")
    if end is None:  # the run was cut short
        turns = lines.read(run_dir / FILES[TurnRecord], TurnRecord, [])
        end = max((turn.done for turn in turns), default=marks["start"])
    return _Load(origin, marks["start"], end)


def _toml(text: str) -> Sequence[Row]:
    return _tables(tomllib.loads(text))


def _json(text: str) -> Sequence[Row]:
    return _tables(json.loads(text))


def _csv(text: str) -> Sequence[Row]:
    reader = csv.DictReader(io.StringIO(text), strict=True, restkey="", skipinitialspace=True)
    rows = []
    for row in reader:
        switch = (row.get("lost_unsynced") or "").strip().lower()
        given = {key: (value or "").strip() for key, value in row.items() if isinstance(value, str)}
        if "" in row:
            raise ValueError(f"line {reader.line_num} has more fields than the first line")
        rows.append({**given, "lost_unsynced": _WORDS.get(switch, switch)})
    return rows


def _tables(values: Any) -> Sequence[Row]:
    """The windows: a list of tables, or the tables `window`."""
    if isinstance(values, dict):
        if values and set(values) != {_TABLE}:
            raise ValueError(f"the only key of the file must be {_TABLE!r}")
        values = values.get(_TABLE, [])
    if not isinstance(values, list) or not all(isinstance(each, dict) for each in values):
        raise ValueError("it must hold a list of tables")
    return values


_FORMATS: Mapping[str, Callable[[str], Sequence[Row]]] = {
    ".toml": _toml,
    ".csv": _csv,
    ".json": _json,
}
"""The ending of the file's name → its reader, which raises ValueError."""


def _window(where: str, row: Row, path: Path, load: _Load) -> FaultWindow:
    _check_keys(where, row)
    name, target = row["name"], row.get("target", "")
    if not isinstance(name, str) or not is_name(name):
        raise ConfigError(f"{where}: name must be {NAME_IS}, got {name!r}")
    if not isinstance(target, str) or not target.isprintable():
        raise ConfigError(f"{where}: target must be printable text, got {target!r}")
    unsynced = row.get("lost_unsynced", False)
    if not isinstance(unsynced, bool):
        raise ConfigError(f"{where}: lost_unsynced must be true or false, got {unsynced!r}")
    start, end = (_time(f"{where}: {key}", row[key], load.origin) for key in ("start", "end"))
    if max(abs(start), abs(end)) > _LONGEST_S:
        raise ConfigError(f"{where}: must be within years of the run, got {start:g} s to {end:g} s")
    if not start < end:
        raise ConfigError(f"{where}: end must be later than start, got {end:g} s and {start:g} s")
    if end <= load.start or start >= load.end:
        raise ConfigError(
            f"{where}: must overlap the load of the run ({load}), got {start:.1f} s to {end:.1f} s"
        )
    return window(name, target, start, end, lost_unsynced=unsynced, by=path.name)


def _check_keys(where: str, row: Row) -> None:
    missing = [key for key in _REQUIRED if key not in row]
    if missing:
        raise ConfigError(f"{where}: must have {', '.join(_REQUIRED)}, but has no {missing[0]}")
    unknown = _first(key for key in row if key not in _KEYS)
    if unknown is not None:
        raise ConfigError(f"{where}: {unknown} must be one of {', '.join(_KEYS)}")


def _first(keys: Iterable[str]) -> str | None:
    return next(iter(keys), None)


def _time(where: str, value: Any, origin: float) -> float:
    """Run time, of seconds or of an ISO time.  Raises ConfigError."""
    moment: datetime | None = None
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                raise ConfigError(f"{where} {_TIME}, got {value!r}") from None
    if moment is not None:
        if moment.tzinfo is None:
            raise ConfigError(f"{where} {_TIME} (as Z or +05:30), got {str(moment)!r}")
        return moment.timestamp() - origin
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):  # a whole number of JSON may be of any size
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(f"{where} {_TIME}, got {str(value)[:_MOST_TOLD]}")
    return number
