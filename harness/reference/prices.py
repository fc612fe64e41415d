"""The page of price keys, from the types of a file of prices."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import NODEFAULT, Meta, Struct
from msgspec.structs import FieldInfo, fields

from harness.reference import docstrings, markdown
from reports.capacity.prices import (
    FILE,
    ModelPrice,
    NodePrice,
    Prices,
    RedisPrice,
    ReplicaPrice,
)

_INTRO = """\
`--prices FILE` takes a TOML file with these keys. [Read the answer
sheet](../answer-sheet.md#prices) tells what they are for. Every cost of the sheet is *assumed*. A
key that is not in these tables is refused, with the nearest known key in the message."""

SECTIONS: dict[str, type[Struct]] = {
    "Top level": Prices,
    "`[replica]`": ReplicaPrice,
    "`[redis]`": RedisPrice,
    "`[[redis.node]]`": NodePrice,
    "`[model]`": ModelPrice,
}
_NESTED = {"replica", "redis", "model", "node"}


def page() -> str:
    """The page."""
    parts = [_INTRO]
    for title, kind in SECTIONS.items():
        parts += [f"## {title}", docstrings.summary(kind), table(kind)]
    shipped = FILE.read_text(encoding="utf-8").strip()
    return markdown.page(
        "Price keys", *parts, "## The prices that come with diya", f"```toml\n{shipped}\n```"
    )


def table(kind: type[Struct], nested: Collection[str] = _NESTED) -> str:
    """The keys of one section; `nested` are the keys that are sections themselves."""
    told = docstrings.attributes(kind)
    rows = [
        (markdown.code(field.name), _expected(field), _default(field), told[field.name])
        for field in fields(kind)
        if field.name not in nested
    ]
    return markdown.table(("key", "value", "default", "meaning"), rows)


def _expected(field: FieldInfo) -> str:
    annotation = field.type
    for part in (annotation, *getattr(annotation, "__args__", ())):
        for each in getattr(part, "__metadata__", ()):
            if isinstance(each, Meta) and each.description:
                return each.description
    raise KeyError(field.name)


def _default(field: FieldInfo) -> str:
    if field.default is NODEFAULT:
        return "required"
    if field.default in (None, ()):
        return "none"
    return markdown.code(f"{field.default:g}")
