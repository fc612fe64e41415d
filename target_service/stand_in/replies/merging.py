"""Schemas that must hold together, as one schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from target_service.stand_in.replies.errors import Unsatisfiable


def merged(schemas: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """One schema for values that all of these allow.

    Of two patterns or formats only the first one is kept.  Raises Unsatisfiable where no value can
    be allowed by all of them.
    """
    result: dict[str, Any] = {}
    for schema in schemas:
        for key, value in schema.items():
            if key not in result:
                result[key] = value
            elif key in ("anyOf", "oneOf"):
                result["allOf"] = [*result.get("allOf", []), {key: value}]
            elif key in _BOTH and result[key] != value:
                result[key] = _BOTH[key](result[key], value)
    return result


def _tighter(choose: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def both(one: Any, other: Any) -> Any:
        if isinstance(one, bool) or isinstance(other, bool):
            return one or other  # the flag of an older schema
        return choose(one, other, key=float)

    return both


def _common(one: list[Any], other: list[Any]) -> list[Any]:
    kept = [each for each in one if each in other]
    if not kept:
        raise Unsatisfiable("no value is in both lists")
    return kept


def _types(one: Any, other: Any) -> list[str]:
    first = [str(each).lower() for each in (one if isinstance(one, list) else [one])]
    second = [str(each).lower() for each in (other if isinstance(other, list) else [other])]
    kept = [each for each in first if each in second]
    if "integer" in first + second and "number" in first + second and "integer" not in kept:
        kept.append("integer")
    if not kept:
        raise Unsatisfiable(f"no value is both {one} and {other}")
    return kept


def _properties(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    both = {key: {"allOf": [one[key], other[key]]} for key in one if key in other}
    return {**one, **other, **both}


def _schemas(one: Any, other: Any) -> Any:
    if one is True or other is False:
        return other
    return one if other is True or one is False else {"allOf": [one, other]}


def _same(one: Any, other: Any) -> Any:
    raise Unsatisfiable(f"no value is both {one!r} and {other!r}")


_BOTH: dict[str, Callable[[Any, Any], Any]] = {
    "type": _types,
    "enum": _common,
    "const": _same,
    "properties": _properties,
    "patternProperties": _properties,
    "required": lambda one, other: list(dict.fromkeys([*one, *other])),
    "allOf": lambda one, other: [*one, *other],
    "items": _schemas,
    "additionalProperties": _schemas,
    "uniqueItems": lambda one, other: one or other,
    **dict.fromkeys(
        ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), _tighter(max)
    ),
    **dict.fromkeys(
        ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), _tighter(min)
    ),
}
"""Key -> the value that stands for two different ones; the first one counts for all other keys."""
