"""Judges a run directory; live runs and stored runs use the same code."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import structs

from reports.checks import run_checks
from reports.model_cost.prices import ModelPrices
from reports.records.history import read
from reports.verdict.result import build

RESULT_FILE = "result.json"
SCHEMA_FILE = Path(__file__).parents[1] / "result.schema.json"


def judge(run_dir: Path, prices: ModelPrices | None = None) -> dict[str, Any]:
    """Read a run, check it and build its result, valid by the published schema.  Writes nothing.

    `prices` are those of models, instead of the run's own.  Raises HistoryError when the directory
    does not hold a run.
    """
    with _collector_paused():
        history = read(run_dir)
        if prices is not None:
            run = structs.replace(history.run, model_prices=prices.to_dict())
            history = replace(history, run=run)
        result = build(history, run_checks(history))
        validate(result)
        return result


def write(run_dir: Path, result: dict[str, Any]) -> Path:
    """Write result.json, whole or not at all; returns its path."""
    path = run_dir / RESULT_FILE
    partial = path.with_suffix(".partial")
    text = json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False)
    partial.write_text(text + "\n", encoding="utf-8")
    os.replace(partial, path)
    return path


def validate(result: dict[str, Any]) -> None:
    """Raises jsonschema.ValidationError when the result does not match the schema."""
    _validator().validate(result)


@contextmanager
def _collector_paused() -> Iterator[None]:
    # Judging creates millions of objects and no garbage; the cyclic collector would walk them again
    # and again, which takes longer than the judging.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@cache
def _validator() -> Any:
    # Imported here, because only judging needs it.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(SCHEMA_FILE.read_text()))
