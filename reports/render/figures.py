"""The five headline numbers."""

from __future__ import annotations

from dataclasses import dataclass

from reports.render import formatting, view
from reports.render.view import Result


@dataclass(frozen=True, slots=True)
class Figure:
    """A headline number: its label, value, note, and status."""

    label: str
    value: str
    note: str
    status: str


def figures(result: Result) -> list[Figure]:
    """The five headline numbers."""
    turns = view.part(result, "turns")
    latency = view.part(result, "latency")
    memory = view.part(result, "memory")
    outage = view.worst_outage(result)
    limit = view.number(result, "profile", "slo", "steady_p99_s")
    return [
        Figure(
            "Continuity",
            view.violations(result),
            view.continuity_note(result),
            _standing(result, "continuity"),
        ),
        Figure(
            "Turns acknowledged",
            formatting.count(view.number(turns, "ok")),
            f"of {formatting.count(view.number(turns, 'offered'))} offered: "
            f"{view.turns_note(result)}",
            _standing(result, "errors"),
        ),
        Figure(
            "p99 in steady state",
            formatting.seconds(view.number(latency, "steady", "p99")),
            f"limit {formatting.seconds(limit)}, "
            f"median {formatting.seconds(view.number(latency, 'steady', 'p50'))}",
            _standing(result, "latency.steady_p99"),
        ),
        Figure(
            "Longest outage",
            formatting.seconds(outage[0] if outage else None),
            f"of one customer, in {outage[1]}" if outage else "no fault was measured",
            _standing(result, "latency.outage"),
        ),
        Figure(
            "Redis memory, peak",
            formatting.size(view.number(memory, "peak_bytes")),
            view.memory_note(result),
            _standing(result, "memory"),
        ),
    ]


def _standing(result: Result, name: str) -> str:
    """The worst status of a gate in all its phases, or of a group; unknown without a gate."""
    found = [gate.status for gate in view.gates(result) if name in (gate.name, gate.group)]
    return found[0] if found else "unknown"
