"""The rooms, the commands, and the modules that a file imports."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOMS = ("target_service", "loadtests", "chaos", "reports", "harness")
COMMANDS = (
    *("readiness", "capacity", "simulate", "versus", "report", "compare", "history", "shrink"),
    *("profile", "faults", "experiments", "check"),
    *("demo", "up", "chaos", "mark", "model", "completion"),
)


@cache
def imported(path: Path) -> frozenset[str]:
    """Every module that a file imports, in full; `from a import b` counts as `a.b` too."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return frozenset(found)
