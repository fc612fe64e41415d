"""A value that a JSON schema allows, with words of the customer's message in it.

Understood: `$ref` and `$defs`, `allOf`, `anyOf`, `oneOf`, `enum`, `const`, types (in capitals and
`nullable` too, as Gemini's own schemas have them), and the limits of numbers, texts, lists and
objects.  `not`, `if`, `propertyNames` and `dependentSchemas` are ignored.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from target_service.stand_in.replies import merging, numbers, strings
from target_service.stand_in.replies.errors import Unsatisfiable
from target_service.stand_in.replies.kinds import has_type, types
from target_service.stand_in.replies.words import Words

_DEEP = 4
"""From this depth on only what must be there is made: schemas may contain themselves."""
_DEEPEST = 40
_MORE_TRIES = 50
"""How many more values than needed are made for a list of different ones."""


def value(schema: Any, words: Words, name: str = "") -> Any:
    """A value for `name` that the schema allows.  Raises Unsatisfiable when none is found."""
    return _Maker(schema, words).make(schema, name, 0, 0)


def arguments(schema: dict[str, Any], words: Words) -> dict[str, Any]:
    """The arguments of a tool with this schema.  Raises Unsatisfiable."""
    made = value({"type": "object", **schema}, words) if schema else {}
    if not isinstance(made, dict):
        raise Unsatisfiable(f"the arguments must be an object, got {made!r}")
    return made


class _Maker:
    def __init__(self, root: Any, words: Words) -> None:
        self._root, self._words = root, words

    def make(self, schema: Any, name: str, depth: int, nth: int) -> Any:
        """A value; `nth` counts the values that were made for the same list."""
        if depth > _DEEPEST:
            raise Unsatisfiable("the schema contains itself without end")
        schema = self._flat(_table(schema))
        if "const" in schema:
            return _only(schema["const"], schema, nth)
        if isinstance(schema.get("enum"), list):
            return self._chosen(schema, nth)
        for keyword in ("anyOf", "oneOf"):
            if schema.get(keyword):
                return self._alternative(schema, keyword, name, depth, nth)
        if depth >= _DEEP and schema.get("nullable") is True:
            return _only(None, schema, nth)
        return self._typed(schema, name, depth, nth)

    def _flat(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema with all that it refers to and that must hold together in one table."""
        for _ in range(_DEEPEST):
            if "$ref" in schema:
                schema = self._resolved(schema)
            elif schema.get("allOf"):
                rest = {key: each for key, each in schema.items() if key != "allOf"}
                parts = [self._resolved(_table(each)) for each in schema["allOf"]]
                schema = merging.merged([rest, *parts])
            else:
                return schema
        raise Unsatisfiable("the schema refers to itself without end")

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in schema:
            return schema
        rest = {key: each for key, each in schema.items() if key != "$ref"}
        return merging.merged([self._target(schema["$ref"]), rest])

    def _target(self, reference: object) -> dict[str, Any]:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise Unsatisfiable(f"the reference {reference!r} does not point into the schema")
        found: Any = self._root
        for part in reference[1:].split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and key.isdigit() and int(key) < len(found):
                found = found[int(key)]
            elif isinstance(found, dict) and key in found:
                found = found[key]
            else:
                raise Unsatisfiable(f"the reference {reference!r} points to nothing")
        return _table(found)

    def _chosen(self, schema: dict[str, Any], nth: int) -> Any:
        """A member of the list: one that the message names, or one that the message picks."""
        members = [each for each in schema["enum"] if has_type(each, schema)]
        real = [each for each in members if each is not None] or members
        if nth >= len(real):
            raise Unsatisfiable(f"no more than {len(real)} values are allowed")
        said = self._words.text.casefold()
        named = (
            place
            for place, each in enumerate(real)
            if isinstance(each, str) and each and each.casefold() in said
        )
        first = next(named, zlib.crc32(said.encode("utf-8", "replace")))
        return real[(first + nth) % len(real)]

    def _alternative(
        self, schema: dict[str, Any], keyword: str, name: str, depth: int, nth: int
    ) -> Any:
        rest = {key: each for key, each in schema.items() if key != keyword}
        reason = "no alternative is allowed"
        for each in _in_order(schema[keyword], deep=depth >= _DEEP):
            try:
                both = merging.merged([rest, self._resolved(_table(each))])
                return self.make(both, name, depth + 1, nth)
            except Unsatisfiable as error:
                reason = str(error)
        raise Unsatisfiable(reason)

    def _typed(self, schema: dict[str, Any], name: str, depth: int, nth: int) -> Any:
        reason = "no type is allowed"
        for kind in sorted(types(schema), key=lambda kind: kind == "null"):
            try:
                return self._of_type(kind, schema, name, depth, nth)
            except Unsatisfiable as error:
                reason = str(error)
        raise Unsatisfiable(reason)

    def _of_type(self, kind: str, schema: dict[str, Any], name: str, depth: int, nth: int) -> Any:
        match kind:
            case "object":
                return self._object(schema, name, depth, nth)
            case "array":
                return self._array(schema, name, depth)
            case "integer":
                return numbers.integer(schema, self._words, nth)
            case "number":
                return numbers.decimal(schema, self._words, nth)
            case "boolean":
                if nth > 1:
                    raise Unsatisfiable("no more than 2 values are allowed")
                return (len(self._words.text) + nth) % 2 == 0
            case "null":
                return _only(None, {}, nth)
            case _:
                return strings.string(schema, self._words, name, nth)

    def _object(self, schema: dict[str, Any], name: str, depth: int, nth: int) -> dict[str, Any]:
        known: dict[str, Any] = schema.get("properties") or {}
        others = isinstance(schema.get("additionalProperties"), dict)
        made = {key: self._property(key, schema, key, depth, nth) for key in _required(schema)}
        least = strings.count(schema.get("minProperties")) or 0
        most = strings.count(schema.get("maxProperties"))
        for key in _more_keys(known):
            if len(made) >= least:
                break
            if key not in made:
                made[key] = self._property(key, schema, key, depth, nth)
        if not made and most != 0 and "propertyNames" not in schema:
            try:
                if known and depth == 0:  # a call without any argument would say nothing
                    first = next(iter(known))
                    made[first] = self._property(first, schema, first, depth, nth)
                elif others and not known and depth < _DEEP:
                    key = self._words.for_name(name)
                    made[key] = self._property(key, schema, name, depth, nth)
            except Unsatisfiable:
                pass  # it may be left out
        return made

    def _property(self, key: str, schema: dict[str, Any], name: str, depth: int, nth: int) -> Any:
        parts = [] if key not in (schema.get("properties") or {}) else [schema["properties"][key]]
        for pattern, each in (schema.get("patternProperties") or {}).items():
            if re.search(pattern, key):
                parts.append(each)
        kind = parts[0] if len(parts) == 1 else {"allOf": parts}
        if not parts:
            kind = schema.get("additionalProperties", True)
        try:
            return self.make(kind, name, depth + 1, nth)
        except Unsatisfiable:
            if not nth:
                raise
            return self.make(kind, name, depth + 1, 0)  # other properties may tell the items apart

    def _array(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        first: list[Any] = schema.get("prefixItems") or []
        items = schema.get("items", True)
        if isinstance(items, list):  # the older way to write `prefixItems`
            first, items = items, schema.get("additionalItems", True)
        least = strings.count(schema.get("minItems")) or 0
        most = strings.count(schema.get("maxItems"))
        size = max(least, len(first), 0 if depth >= _DEEP or items is False else 1)
        size = size if most is None else min(size, most)
        if size < least:
            raise Unsatisfiable(f"no list has at least {least} and at most {most} items")
        different = bool(schema.get("uniqueItems"))
        made: list[Any] = []
        seen: set[str] = set()
        for nth in range(size + _MORE_TRIES):
            if len(made) == size:
                break
            kind = first[len(made)] if len(made) < len(first) else items
            try:
                item = self.make(kind, name, depth + 1, nth if different else 0)
            except Unsatisfiable:
                if len(made) < least:
                    raise
                break  # it may be left out
            key = _identity(item)
            if not different or key not in seen:
                seen.add(key)
                made.append(item)
        if len(made) < least:
            raise Unsatisfiable(f"no {least} different items were found")
        return made


def _table(schema: Any) -> dict[str, Any]:
    if schema is True:
        return {}
    if not isinstance(schema, dict):
        raise Unsatisfiable("the schema allows nothing")
    return schema


def _only(value: Any, schema: dict[str, Any], nth: int) -> Any:
    """The single value that is allowed; there is no second one for the same list."""
    if nth or not has_type(value, schema):
        raise Unsatisfiable("no other value is allowed")
    return value


def _required(schema: dict[str, Any]) -> list[str]:
    """The properties that must be there, with those that must come along with them."""
    wanted = list(dict.fromkeys(schema.get("required") or []))
    along = schema.get("dependentRequired") or {}
    for key in wanted:  # grows while it is read
        wanted += [each for each in along.get(key, []) if each not in wanted]
    return wanted


def _more_keys(known: dict[str, Any]) -> Iterator[str]:
    yield from known
    yield from (f"key_{number}" for number in range(1, 1000))


def _in_order(alternatives: list[Any], *, deep: bool) -> list[Any]:
    """The alternatives as they are tried: null last, or first where depth must end."""

    def place(each: Any) -> int:
        if isinstance(each, dict) and types(each) == ["null"]:
            return 0 if deep else 3
        return 2 if deep and isinstance(each, dict) and "$ref" in each else 1

    return sorted(alternatives, key=place)


def _identity(item: Any) -> str:
    """Equal for equal items; 1 and 1.0 are equal, 1 and true are not."""
    if isinstance(item, float) and item.is_integer():
        item = int(item)
    return json.dumps(item, sort_keys=True)
