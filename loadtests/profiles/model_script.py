"""`[journey.NAME.model]`: the tools that a stand-in for the model calls in a journey.

ProfileError (a ValueError)
    Anything wrong with it, one sentence: file, line, key, value, expected value.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from loadtests.profiles.table import Table
from reports.basics.suggestions import nearest

_TOOL = re.compile(r"[A-Za-z_][\w.:-]{0,127}")
_SLOT = re.compile(r"\{([A-Za-z_][\w-]*)\}")
_FORM = "a list of tools: their names, or { tool = 'NAME', args = { … } }"
_KEYS = ("tool", "args")


@dataclass(frozen=True, slots=True)
class ToolStep:
    """One call of a tool that the stand-in makes."""

    tool: str
    args: dict[str, Any] = field(default_factory=dict)
    """Arguments by name; in a text, `{slot}` is the value that the customer named.  Arguments that
    are not here are made by the tool's schema."""

    def to_toml(self) -> str | dict[str, Any]:
        """The step as a file of journeys has it."""
        return {"tool": self.tool, "args": self.args} if self.args else self.tool


def calls(table: Table, slots: Collection[str]) -> tuple[ToolStep, ...]:
    """The key `calls` of `[journey.NAME.model]`.  Raises ProfileError."""
    values = dict(table.items())
    for key in values:
        if key != "calls":
            raise table.error(key, f"unknown key '{key}' in {table.title}{nearest(key, ['calls'])}")
    if "calls" not in values:
        raise table.error(None, f"missing key 'calls' in {table.title}: must be {_FORM}")
    listed = values["calls"]
    if not isinstance(listed, list):
        raise table.error("calls", f"'calls' in {table.title} must be {_FORM}, got {listed!r}")
    return tuple(_step(table, each, slots) for each in listed)


def _step(table: Table, value: Any, slots: Collection[str]) -> ToolStep:
    if isinstance(value, str):
        value = {"tool": value}
    if not isinstance(value, dict):
        raise table.error("calls", f"'calls' in {table.title} must be {_FORM}, got {value!r}")
    for key in value:
        if key not in _KEYS:
            hint = nearest(key, _KEYS)
            raise table.error("calls", f"unknown key '{key}' in 'calls' of {table.title}{hint}")
    tool, args = value.get("tool"), value.get("args", {})
    if not isinstance(tool, str) or not _TOOL.fullmatch(tool):
        raise table.error(
            "calls", f"'tool' in 'calls' of {table.title} must be a tool's name, got {tool!r}"
        )
    if not isinstance(args, dict):
        raise table.error(
            "calls",
            f"'args' of {tool!r} in {table.title} must be a table of arguments, got {args!r}",
        )
    for slot in _slots(args):
        if slot not in slots:
            known = nearest(slot, slots) if slots else "; the file has no [slots]"
            raise table.error("calls", f"unknown slot '{{{slot}}}' in 'args' of {tool!r}{known}")
    return ToolStep(tool, args)


def _slots(value: Any) -> list[str]:
    if isinstance(value, str):
        return _SLOT.findall(value)
    if isinstance(value, dict):
        value = list(value.values())
    return [slot for each in value for slot in _slots(each)] if isinstance(value, list) else []
