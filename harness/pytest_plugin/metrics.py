"""The metrics of a result by name: the place and the unit of each number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from harness.pytest_plugin import amounts
from reports.gates import VIOLATIONS, names_of
from reports.render import formatting, view
from reports.render.view import Result

Scope = Literal["run", "phase", "fault"]


@dataclass(frozen=True)
class Metric:
    """One number of a result.  `read` takes the result, or the row of a phase or of a fault."""

    scope: Scope
    units: dict[str, float]
    read: Callable[[Any], float | None]
    gates: tuple[str, ...]
    """The gates whose evidence explains it."""

    def shown(self, value: float | None) -> str:
        """The value for a person; a dash for None."""
        if self.units is amounts.SECONDS:
            return formatting.seconds(value)
        if self.units is amounts.SHARES:
            return formatting.share(value)
        return formatting.size(value) if self.units is amounts.SIZES else formatting.count(value)


def continuity(result: Result) -> float | None:
    """The share of acknowledged turns without a violation; None when not known.

    It is 1 only when every gate of continuity passed; gates that a target cannot show are skipped.
    """
    judged = [
        gate for gate in view.gates(result) if gate.group == "continuity" and not gate.out_of_sight
    ]
    turns = view.number(result, "turns", "ok")
    if not judged:
        return None
    if any(gate.status == "fail" for gate in judged):
        found = sum(
            view.number(gate, "value") or 0.0
            for gate in result["gates"]
            if gate["status"] == "fail" and gate["name"] in names_of("continuity")
        )
        # One turn can have two violations, so the difference may be negative.  Without an
        # acknowledged turn the share is 0.
        return max(0.0, 1.0 - found / turns) if turns else 0.0
    return 1.0 if all(gate.status == "pass" for gate in judged) else None


def _gate_value(name: str) -> Callable[[Result], float | None]:
    """Reads the value of that gate of the whole run."""

    def read(result: Result) -> float | None:
        for gate in result.get("gates") or ():
            if gate["name"] == name:
                return view.number(gate, "value")
        return None

    return read


def _at(*path: str) -> Callable[[Any], float | None]:
    return lambda values: view.number(values, *path)


METRICS: dict[str, Metric] = {
    "continuity": Metric("run", amounts.SHARES, continuity, names_of("continuity")),
    **{
        kind: Metric("run", amounts.COUNTS, _gate_value(row.name), (row.name,))
        for kind, row in VIOLATIONS.items()
    },
    "errors": Metric("run", amounts.SHARES, _gate_value("errors.rate"), names_of("errors")),
    **{
        name: Metric("run", amounts.COUNTS, _at("turns", key), names_of("errors"))
        for name, key in (
            ("turns", "ok"),
            ("failed", "failed"),
            ("indeterminate", "indeterminate"),
            ("retried", "retried"),
            ("moved", "moved"),
        )
    },
    **{
        name: Metric("phase", amounts.SECONDS, _at(key), names_of("latency"))
        for name, key in (
            ("p50", "p50"),
            ("p90", "p90"),
            ("p95", "p95"),
            ("p99", "p99"),
            ("p99.9", "p999"),
            ("max", "max"),
            ("first_token_p50", "first_token_p50"),
            ("first_token_p99", "first_token_p99"),
        )
    },
    "recovery": Metric("fault", amounts.SECONDS, _at("after_heal_s"), names_of("recovery")),
    "outage": Metric("fault", amounts.SECONDS, _at("worst_outage_s"), ("latency.outage",)),
    "downtime": Metric("fault", amounts.SECONDS, _at("downtime_s"), names_of("recovery")),
    "budget": Metric(
        "fault", amounts.SHARES, _at("budget", "spent"), names_of("errors", "latency")
    ),
    "sent_to_dead": Metric("fault", amounts.COUNTS, _at("sent_to_dead"), names_of("recovery")),
    "disturbed": Metric("fault", amounts.COUNTS, _at("disturbed_turns"), names_of("recovery")),
    **{
        f"memory_{name}": Metric(
            "run", amounts.SIZES, _at("memory", f"{name}_bytes"), names_of("memory")
        )
        for name in ("baseline", "peak", "final")
    },
    **{
        f"keys_{name}": Metric(
            "run", amounts.COUNTS, _at("memory", f"{name}_keys"), names_of("memory")
        )
        for name in ("peak", "final")
    },
}
"""Every name that an expectation may begin with, besides `verdict`."""
