"""The page of `comparison.json`, and its schema, both from the types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

import reports
from harness.reference import docstrings, result
from reports.comparison import model

SCHEMA = Path(reports.__file__).parent / "comparison.schema.json"
_INTRO = """\
`comparison.json` is the comparison of two sides, as `diya compare` writes it; every other output is
rendered from it ([how to read it](../compare.md)). Its schema is `reports/comparison.schema.json`
(JSON Schema 2020-12), which is generated from the types."""

_SHARED = {
    "schema_version": "The version of this form.",
    "name": "A, the reference, or B, the candidate.",
    "title": "The name that every output shows.",
    "unit": "The unit of the values.",
    "less_is_better": "False: a higher value is better.",
    "paired": "The runs are pairs of one seed, played next to each other.",
    "differences": "What is not the same in the set-up.",
    "facts": "Facts of continuity first.",
}
"""Fields that need no docstring of their own."""
_PAIRS = {
    ("Fact", "key"): "As in `result.json`.",
    ("Change", "key"): "The figure, such as `cpu_per_turn` or `outage:kill-redis-1`.",
    ("Difference", "a"): "The value of A, or its values.",
    ("Difference", "b"): "The value of B, likewise.",
    ("Fact", "a"): "What A shows, for example `0 in 5 runs`.",
    ("Fact", "b"): "What B shows.",
    ("Change", "a"): "The value of A: the geometric mean over its runs; null: not measured.",
    ("Change", "b"): "The value of B, likewise.",
    ("Change", "low"): "The lower end of the 95 % interval of the ratio.",
    ("Change", "high"): "Its upper end.",
    ("Comparison", "a"): "The reference.",
    ("Comparison", "b"): "The candidate.",
    ("Fact", "word"): "The statement about the fact.",
    ("Change", "word"): "The statement about the figure.",
    ("Comparison", "word"): "The statement about the whole.",
}
"""(type, field) → the description of a field whose docstring stands below its neighbour."""
_ANYTHING = {"description": "Any value."}
_TIMELINE = {"type": "object", "description": "The timeline of a side, `A` or `B`."}


def schema() -> str:
    """The schema as text; every field has the description that stands below it in the code."""
    # The values of a timeline are of several types, and `result.schema.json` describes them.
    generated = msgspec.json.schema(model.Comparison, schema_hook=lambda _: dict(_ANYTHING))
    found: dict[str, Any] = generated["$defs"]
    for name, each in found.items():
        told = _SHARED | docstrings.attributes(getattr(model, name))
        for field, value in each.get("properties", {}).items():
            value["description"] = _PAIRS.get((name, field)) or told[field]
    whole = found.pop(model.Comparison.__name__)
    whole["properties"]["timelines"]["additionalProperties"] = _TIMELINE
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **whole,
        "title": "The comparison of two sides of runs",
        "$defs": found,
    }
    return json.dumps(head, indent=2, ensure_ascii=False) + "\n"


def page() -> str:
    """The page."""
    return result.page_of("comparison.json", _INTRO, json.loads(schema()))
