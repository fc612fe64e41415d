"""The schema and the page of `result.json`, both from the types."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec import Struct

import reports
from harness.reference import docstrings, markdown
from reports.gates import VIOLATIONS
from reports.verdict import result_types
from reports.verdict.result_types import ContinuityCounts, Result
from reports.verdict.verdict import Verdict

SCHEMA = Path(reports.__file__).parent / "result.schema.json"
_INTRO = """\
`result.json` is the verdict with its evidence; every other report is rendered from it. Its schema
is `reports/result.schema.json` (JSON Schema 2020-12), which is generated from the types, and every
result is checked against it. Fields that are not required may be missing in results of older
versions."""
_OPEN = ("Environment", "ExperimentDescription", "Redis")
"""Parts that may have further fields: those of another version."""
_LATER = {
    "ExperimentDescription": ("title", "path", "planned", "steady_state"),
    "Sizing": ("cpu_s_per_first_turn",),
    "TurnCosts": ("balancer_cpu_s_per_turn", "reference_work_s"),
}
"""Part → fields that older versions did not write, of types whose fields are not unset."""
_REASONS: Mapping[str, Any] = {
    "if": {"properties": {"verdict": {"const": "GO"}}},
    "then": {
        "properties": {
            "reasons": {"maxItems": 0},
            "gates": {
                "minItems": 1,
                "items": {
                    "anyOf": [
                        {"properties": {"status": {"const": "pass"}}},
                        {
                            "properties": {
                                "status": {"const": "unknown"},
                                "out_of_sight": {"const": True},
                            },
                            "required": ["out_of_sight"],
                        },
                    ]
                },
            },
        }
    },
    "else": {"properties": {"reasons": {"minItems": 1}}},
}
"""GO has no reasons, and no gate that failed; any other verdict has a reason."""

_NAMED = {
    "latency": ("The latency in that phase.",),
    "slo_overrides": ("The profile's own value of that limit.",),
    "refused": ("Calls refused because of that quota.",),
    "by_replica": ("Calls of the load by that replica.",),
    "figures": ("One figure.",),
    "versions": ("The version of that package.",),
    "images": ("The image of that role.", "`name` or `id`."),
    "containers": ("The id of that replica's container.",),
}
"""Field → the description of the values in it, by depth, where its names are not fixed."""

Schema = Mapping[str, Any]


def schema() -> str:
    """The schema as text; every field has the description that stands below it in the code."""
    generated = _cleaned(msgspec.json.schema(Result))
    parts: dict[str, dict[str, Any]] = generated["$defs"]
    for kind in _kinds(Result):
        part = parts[kind.__name__]
        told, hints = _told(kind), get_type_hints(kind, include_extras=True)
        part["description"] = docstrings.summary(kind)
        part["additionalProperties"] = kind.__name__ in _OPEN
        later = _LATER.get(kind.__name__, ())
        part["required"] = [
            name
            for name, hint in hints.items()
            if name not in later and msgspec.UnsetType not in _types(hint)
        ]
        for name, value in part["properties"].items():
            value["description"] = re.sub(r"\bNone\b", "null", told[name])
            for below in _NAMED.get(name, ()):
                value = value["additionalProperties"]
                value["description"] = below
    whole = parts.pop(Result.__name__)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **whole,
        "title": "The result of one readiness run",
        "allOf": [*_exit_codes(), _REASONS],
        "$defs": parts,
    }
    return json.dumps(head, indent=2, ensure_ascii=False) + "\n"


def _exit_codes() -> list[dict[str, Any]]:
    """Each verdict has its own exit code."""
    return [
        {
            "if": {"properties": {"verdict": {"const": each.value}}},
            "then": {"properties": {"exit_code": {"const": each.exit_code}}},
        }
        for each in Verdict
    ]


def _told(kind: type) -> dict[str, str]:
    """Field → its description."""
    if kind is not result_types.Continuity:
        return docstrings.attributes(kind)
    violations = {name: f"{row.title}: turns." for name, row in VIOLATIONS.items()}
    return violations | docstrings.attributes(ContinuityCounts)


def _cleaned(value: Any) -> Any:
    """A generated schema without the descriptions, titles and defaults of the types."""
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"anyOf": [{"type": kind, **more}, {"type": "null"}]}:
            return _cleaned({"type": [kind, "null"], **more})
    dropped = ("title", "description", "default")
    return {
        # A field may have such a name itself.
        key: {name: _cleaned(each) for name, each in inner.items()}
        if key in ("properties", "$defs")
        else _cleaned(inner)
        for key, inner in value.items()
        if key not in dropped
    }


def _kinds(kind: type[Struct]) -> list[type[Struct]]:
    """The type and all types below it that have fields, each once."""
    found = [kind]
    for each in found:
        for hint in get_type_hints(each, include_extras=True).values():
            found += [
                inner
                for inner in _types(hint)
                if isinstance(inner, type) and issubclass(inner, Struct) and inner not in found
            ]
    return found


def _types(hint: Any) -> list[Any]:
    """The type of a field and all types in it."""
    return [hint, *(inner for each in get_args(hint) for inner in _types(each))]


def page() -> str:
    """The page."""
    return page_of("result.json", _INTRO, json.loads(schema()))


def page_of(title: str, intro: str, schema: Schema) -> str:
    """The page of a file with this schema."""
    parts = [intro, schema["description"], _table(schema)]
    for name, each in schema["$defs"].items():
        parts.append(f"## {name}")
        if each.get("description"):
            parts.append(each["description"])
        parts.append(_table(each) if "properties" in each else f"One of {_type(each)}.")
    return markdown.page(title, *parts)


def _table(schema: Schema) -> str:
    rows = (
        (
            markdown.code(name),
            _type(each),
            "yes" if required else "no",
            meaning(each),
        )
        for name, each, required in fields(schema)
    )
    return markdown.table(("field", "type", "required", "meaning"), rows)


def fields(schema: Schema, prefix: str = "") -> Iterator[tuple[str, Schema, bool]]:
    """(path, schema, whether it is required) of each field of a part, those below it included."""
    required = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        yield prefix + name, each, name in required
        inner, dots = (each["items"], "[].") if "items" in each else (each, ".")
        yield from fields(inner, prefix + name + dots)
    more = schema.get("additionalProperties")
    if isinstance(more, dict):
        yield f"{prefix}NAME", more, False
        yield from fields(more, f"{prefix}NAME.")


def meaning(schema: Schema) -> str:
    """The description of a field; KeyError for one without."""
    told = markdown.sentence(schema["description"])
    return told if told.endswith(".") else f"{told}."


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in schema:
        return markdown.code(json.dumps(schema["const"]))
    if "enum" in schema:
        return ", ".join(markdown.code("null" if v is None else v) for v in schema["enum"])
    if "anyOf" in schema or "oneOf" in schema:
        return " or ".join(map(_type, schema.get("anyOf") or schema["oneOf"]))
    kind = schema.get("type", "any")
    kinds = kind if isinstance(kind, list) else [kind]
    if "array" in kinds and isinstance(schema.get("items"), dict):
        of = f"list of {_type(schema['items'])}"
        kinds = [of if each == "array" else each for each in kinds]
    return " or ".join(kinds)
