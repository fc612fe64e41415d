"""The line about a replica that is much slower than the others, for every report."""

from __future__ import annotations

from reports.render import formatting
from reports.render.view import Result


def uneven_line(result: Result) -> str:
    """One line; empty when no replica is."""
    for gate in result.get("gates") or ():
        if isinstance(gate, dict) and gate.get("name") == "latency.uneven":
            return f"warning: {formatting.clean(gate.get('summary') or '')}"
    return ""
