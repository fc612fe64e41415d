"""`run.json` in a run directory: written and read as a `RunDescription`."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from reports.records.errors import HistoryError
from reports.records.run_description import LARGEST, RunDescription
from reports.records.typed import convert, shown

FILE = "run.json"

_LOG = logging.getLogger(__name__)

R = TypeVar("R", bound=RunDescription)


def write(run_dir: Path, description: RunDescription) -> None:
    """Write it atomically: a reader sees the old or the new file."""
    scratch = run_dir / f"{FILE}.new"
    text = json.dumps(msgspec.to_builtins(description), indent=1, ensure_ascii=False)
    scratch.write_text(text + "\n", encoding="utf-8")
    os.replace(scratch, run_dir / FILE)
    _LOG.info("%s written", run_dir / FILE)


def read(run_dir: Path, kind: type[R]) -> R:
    """Read it as `kind`: `RunDescription` itself, or a reader's own subtype.

    Raises HistoryError, one sentence, when it is missing or is not such a file.
    """
    path = run_dir / FILE
    try:
        values = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise HistoryError(f"{run_dir}: not a run directory: it has no {FILE}") from None
    except OSError as error:
        raise HistoryError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise HistoryError(f"{path}: not JSON: {error}") from None
    return parse(path, values, kind)


def parse(path: Path, values: Any, kind: type[R]) -> R:
    """The description in the values of `path`.  Raises HistoryError, one sentence."""
    if not isinstance(values, dict):
        raise HistoryError(f"{path}: must be a JSON object, got {shown(values)}")
    _check_text(path, values)
    try:
        # An optional key may be null.
        return _checked(convert({k: v for k, v in values.items() if v is not None}, kind))
    except ValueError as error:
        raise HistoryError(f"{path}: {error}") from None


def _check_text(path: Path, values: dict[str, Any]) -> None:
    """Check that all text in it can be written again, since it goes into the result."""
    try:
        json.dumps(values, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise HistoryError(f"{path}: must hold valid text and numbers: {error}") from None


def _checked(description: R) -> R:
    """The description, with checked limits, since the judge compares with them."""
    _check_limits("profile.slo", description.profile.get("slo"))
    _check_limits("slo_overrides", description.slo_overrides)
    return description


def _check_limits(key: str, limits: Any) -> None:
    if limits is not None and not isinstance(limits, Mapping):
        raise ValueError(f"{key} must be an object, got {shown(limits)}")
    for name, limit in (limits or {}).items():
        number = isinstance(limit, int | float) and not isinstance(limit, bool)
        if limit is not None and not (number and 0 <= limit <= LARGEST):
            raise ValueError(
                f"{key}.{name} must be a number from 0 to {LARGEST:g}, got {shown(limit)}"
            )
