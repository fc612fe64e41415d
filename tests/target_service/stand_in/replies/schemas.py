"""Schemas for Hypothesis: any of them allows at least one value."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

Schema = dict[str, Any]

FORMATS = (
    *("date", "date-time", "time", "duration", "email", "uuid", "uri", "ipv4", "ipv6"),
    *("hostname", "regex", "json-pointer"),
)
PATTERNS = (
    *(r"^ORD-\d{5}$", r"^[A-Z]{2,4}\d+$", r"^[^\s@]+@[^\s@]+$", r"\d", r"^(red|green|blue)$"),
    *(
        r"^\+?[0-9 ()-]{7,15}$",
        r"^[a-z][a-z0-9_]*$",
        r"^(\d{3})-\1$",
        r"^.{3,}$",
        r"^[^A-Za-z0-9]$",
    ),
    *(r"^#[0-9a-fA-F]{6}$", r"^\d{4}-\d{2}-\d{2}$", r"^(?=.*\d)[a-z0-9]{8,}$", r"^\S+$", r"^\W$"),
    *(r"^(?:[01]\d|2[0-3]):[0-5]\d$", r"^v\d+(\.\d+){2}$", r"(?i)^abc$", r"^$|^x$", r"^[\w.-]+$"),
)
_NAMES = st.from_regex(r"[a-z]{1,6}(_id|Date|)", fullmatch=True)


@st.composite
def strings(draw: st.DrawFn) -> Schema:
    """A text, with limits, a format or a pattern."""
    kind = draw(st.sampled_from(("plain", "format", "pattern")))
    if kind == "format":
        return {"type": "string", "format": draw(st.sampled_from(FORMATS))}
    if kind == "pattern":
        return {"type": "string", "pattern": draw(st.sampled_from(PATTERNS))}
    schema: Schema = {"type": "string"}
    low = draw(st.integers(0, 60))
    if draw(st.booleans()):
        schema["minLength"] = low
    if draw(st.booleans()):
        schema["maxLength"] = low + draw(st.integers(0, 30))
    return schema


@st.composite
def numbers(draw: st.DrawFn) -> Schema:
    """A whole number or a decimal within limits that leave room for one."""
    whole = draw(st.booleans())
    schema: Schema = {"type": "integer" if whole else "number"}
    low = draw(st.integers(-1000, 1000))
    span = draw(st.integers(2, 500))
    step = draw(st.sampled_from((None, 1, 2, 5, 0.5, 0.25)))
    if step is not None:
        schema["multipleOf"] = step
        span += 2 * math.ceil(step)
    if draw(st.booleans()):
        schema[draw(st.sampled_from(("minimum", "exclusiveMinimum")))] = low
    if draw(st.booleans()):
        schema[draw(st.sampled_from(("maximum", "exclusiveMaximum")))] = low + span
    return schema


def decimals() -> st.SearchStrategy[Schema]:
    """A decimal between two that no whole number may part."""
    return st.builds(
        lambda low, span: {"type": "number", "minimum": low, "exclusiveMaximum": low + span},
        st.floats(-1e6, 1e6),
        st.floats(0.001, 0.9),
    )


_scalars = st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=8)
chosen: st.SearchStrategy[Schema] = st.one_of(
    st.builds(lambda value: {"const": value}, _scalars),
    st.builds(lambda values: {"enum": values}, st.lists(_scalars, min_size=1, max_size=5)),
    st.builds(
        lambda values: {"type": "string", "enum": values},
        st.lists(st.text(max_size=8), min_size=1, max_size=5),
    ),
)
leaves: st.SearchStrategy[Schema] = st.one_of(
    strings(),
    numbers(),
    decimals(),
    chosen,
    st.sampled_from(
        (
            *({}, {"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}),
            *({"type": "object"}, {"type": "array"}, {"type": ["null", "integer"]}, {"title": "x"}),
        )
    ),
)


@st.composite
def arrays(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    """A list, of different items only where there are enough of them."""
    least = draw(st.integers(0, 4))
    schema: Schema = {"type": "array"}
    if draw(st.booleans()):
        schema["minItems"] = least
    if draw(st.booleans()):
        schema["maxItems"] = least + draw(st.integers(0, 3))
    match draw(st.sampled_from(("any", "different", "tuple"))):
        case "different":
            schema["uniqueItems"] = True
            schema["items"] = draw(
                st.sampled_from(
                    (
                        *({"type": "string"}, {"type": "integer"}, {"type": "number"}),
                        *({"type": "string", "format": "uuid"}, {"enum": [1, 2, "a", "b", "c", 3]}),
                        {"type": "string", "pattern": "^[a-z]{4}$"},
                        {"type": "integer", "minimum": 5, "maximum": 9},
                        {
                            "type": "object",
                            "properties": {"k": {"const": "x"}, "n": {"type": "integer"}},
                            "required": ["k", "n"],
                        },
                    )
                )
            )
        case "tuple":
            schema["prefixItems"] = draw(st.lists(inner, max_size=3))
            schema["items"] = draw(inner)
        case _:
            schema["items"] = draw(inner)
    return schema


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    """An object; what must be there is sometimes named nowhere."""
    properties = draw(st.dictionaries(_NAMES, inner, max_size=4))
    schema: Schema = {"type": "object", "properties": properties}
    if properties:
        schema["required"] = draw(st.lists(st.sampled_from(sorted(properties)), unique=True))
    others = draw(st.sampled_from(("absent", "none", "any", "typed")))
    if others == "none":
        schema["additionalProperties"] = False
    elif others == "typed":
        schema["additionalProperties"] = draw(inner)
    if others in ("absent", "any") and draw(st.booleans()):
        schema["required"] = [*schema.get("required", []), "extra"]
    if draw(st.booleans()):
        schema["minProperties"] = len(properties)
    return schema


@st.composite
def unions(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    """One of several: of any kind, or told apart by a constant."""
    if draw(st.booleans()):
        return {"anyOf": draw(st.lists(inner, min_size=1, max_size=3))}
    kinds = draw(st.lists(_NAMES, min_size=1, max_size=3, unique=True))
    return {
        "oneOf": [
            {
                "type": "object",
                "properties": {"kind": {"const": kind}, "value": draw(inner)},
                "required": ["kind", "value"],
            }
            for kind in kinds
        ]
    }


@st.composite
def together(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    """Two objects in one."""
    return {
        "allOf": [
            {"type": "object", "properties": {"one": draw(inner)}, "required": ["one"]},
            {"properties": {"two": draw(inner)}, "required": ["two"]},
        ],
        "required": ["three"],
    }


any_schema: st.SearchStrategy[Schema] = st.recursive(
    leaves,
    lambda inner: st.one_of(arrays(inner), objects(inner), unions(inner), together(inner)),
    max_leaves=8,
)


@st.composite
def with_definitions(draw: st.DrawFn) -> Schema:
    """Arguments of a tool, some of which refer to definitions; one definition contains itself."""
    names = draw(st.lists(_NAMES, min_size=1, max_size=3, unique=True))
    definitions = {name: draw(any_schema) for name in names}
    definitions["Node"] = {
        "type": "object",
        "properties": {
            "value": draw(any_schema),
            "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
            "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
        },
        "required": ["value", "next", "children"],
    }
    definitions["A/B~C"] = {"type": "integer"}
    references = st.sampled_from([*names, "Node", "A~1B~0C"])
    properties = draw(
        st.dictionaries(
            _NAMES,
            any_schema | st.builds(lambda name: {"$ref": f"#/$defs/{name}"}, references),
            min_size=1,
            max_size=4,
        )
    )
    required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True))
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "$defs": definitions,
    }
