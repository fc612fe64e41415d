"""The types that a schema allows."""

from __future__ import annotations

from typing import Any

_SIGNS = {
    "object": {"properties", "additionalProperties", "required", "minProperties"},
    "array": {"items", "prefixItems", "minItems", "maxItems", "uniqueItems"},
    "string": {"pattern", "format", "minLength", "maxLength"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}
"""Keys that tell the type of a schema that names none."""
_PYTHON = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def types(schema: dict[str, Any]) -> list[str]:
    """The types that a schema allows, in small letters; guessed where it names none."""
    named = schema.get("type")
    found = [str(each).lower() for each in (named if isinstance(named, list) else [named]) if each]
    if found and found != ["type_unspecified"]:
        return found
    for kind, keys in _SIGNS.items():
        if keys & schema.keys():
            return [kind]
    return ["string"]


def has_type(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value has a type that the schema allows; any value when it names none."""
    if "type" not in schema or (value is None and schema.get("nullable") is True):
        return True
    allowed = types(schema)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number" in allowed or ("integer" in allowed and float(value).is_integer())
    return any(isinstance(value, _PYTHON[each]) for each in allowed if each in _PYTHON)
