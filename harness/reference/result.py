"""The page of `result.json`, from its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import reports
from harness.reference import markdown

SCHEMA = Path(reports.__file__).parent / "result.schema.json"
_INTRO = """\
`result.json` is the verdict with its evidence; every other report is rendered from it. Its schema
is `reports/result.schema.json` (JSON Schema 2020-12), and every result is checked against it.
Fields that are not required may be missing in results of older versions."""

Schema = Mapping[str, Any]


def page() -> str:
    """The page."""
    return page_of("result.json", _INTRO, json.loads(SCHEMA.read_text(encoding="utf-8")))


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
