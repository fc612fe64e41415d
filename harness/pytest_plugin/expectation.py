"""Reads expectations, judges them against a result, and refuses those about unknown things."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from harness.pytest_plugin import amounts
from harness.pytest_plugin.errors import PlanError
from harness.pytest_plugin.metrics import METRICS, Metric
from harness.pytest_plugin.settings import not_known
from reports.gates import GATES
from reports.render import formatting, view
from reports.render.view import Result

_FORM = re.compile(r"\s*([A-Za-z_][\w.]*)\s*(==|!=|<=|>=|<|>|=)\s*(\S.*?)\s*")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_VERDICTS = ("GO", "NO-GO", "INCONCLUSIVE")
_EQUAL = 1e-9


@dataclass(frozen=True)
class Answer:
    """The outcome of one expectation."""

    expected: str
    holds: bool
    measured: tuple[str, ...]
    """`p99 1.89 s of 38 turns in fault:restart-redis-1`, one for each place that was asked."""
    unknown: bool
    """True if the only reason that it does not hold is a missing measurement."""
    gates: tuple[str, ...]
    fault: str | None


def ask(result: Result, expected: str, *, phase: str | None, fault: str | None) -> Answer:
    """Judge one expectation; it must hold in every place that it names.

    Raises PlanError when it is mistyped, or when the result has nothing that it asks about.
    """
    match = _FORM.fullmatch(expected)
    where = f"expect({expected!r})"
    if match is None or match[2] == "=":
        raise PlanError(f"{where}: must be a name, one of {' '.join(_COMPARE)} and a value")
    name, sign, wanted = match.groups()
    if name == "verdict":
        return _verdict(result, expected, sign, wanted, narrowed=bool(phase or fault))
    metric = METRICS.get(name)
    if metric is None:
        raise PlanError(f"{where}: {name!r}{not_known(name, [*METRICS, 'verdict'])}")
    limit = amounts.read(wanted, metric.units, where)
    asked = places(result, metric, where, phase, fault)
    values = {place: metric.read(row) for place, row in asked.items()}
    held = {p: v is not None and _compare(v, sign, limit) for p, v in values.items()}
    return Answer(
        expected=expected,
        holds=all(held.values()),
        measured=tuple(
            f"{name} {metric.shown(value)}{_of_turns(metric, asked[place])}"
            + (f" in {place}" if place != "run" else "")
            for place, value in values.items()
            if not held[place] or all(held.values())
        ),
        unknown=all(held[place] or value is None for place, value in values.items()),
        gates=metric.gates,
        fault=fault,
    )


def _of_turns(metric: Metric, row: object) -> str:
    """The number of turns behind a percentile: a percentile of few turns says little."""
    count = view.number(row, "count") if metric.scope == "phase" else None
    return "" if count is None else f" of {formatting.plural(count, 'turn')}"


def _verdict(result: Result, expected: str, sign: str, wanted: str, *, narrowed: bool) -> Answer:
    where = f"expect({expected!r})"
    if wanted not in _VERDICTS:
        raise PlanError(f"{where}: {wanted!r}{not_known(wanted, _VERDICTS)}")
    if sign not in ("==", "!=") or narrowed:
        raise PlanError(
            f"{where}: a verdict is of the whole run, and the comparison must be == or !="
        )
    verdict = str(result.get("verdict"))
    return Answer(
        expected=expected,
        holds=(verdict == wanted) == (sign == "=="),
        measured=(f"verdict {verdict}",),
        unknown=False,
        gates=tuple(GATES),
        fault=None,
    )


def _compare(value: float, sign: str, limit: float) -> bool:
    # Shares are sums and quotients: the last bit must not decide an equality.
    if abs(value - limit) <= _EQUAL * max(1.0, abs(limit)):
        return sign in ("==", "<=", ">=")
    return _COMPARE[sign](value, limit)


def places(
    result: Result, metric: Metric, where: str, phase: str | None, fault: str | None
) -> dict[str, object]:
    """The rows that are meant, by name; never empty."""
    if metric.scope == "run":
        if phase is not None or fault is not None:
            raise PlanError(f"{where}: it is measured over the whole run: no phase, no fault")
        return {"run": result}
    if metric.scope == "fault":
        if phase is not None:
            raise PlanError(f"{where}: it is measured per fault: must have fault=, not phase=")
        return dict(fault_rows(result, where, fault))
    if phase is not None and fault is not None:
        raise PlanError(f"{where}: must have phase= or fault=, not both")
    table = {name: row for name, row in view.part(result, "latency").items() if row}
    if fault is not None:
        wanted = [f"fault:{name}" for name in fault_rows(result, where, fault)]
    else:
        wanted = [phase or "all"]
    for name in wanted:
        if name not in table:
            raise PlanError(
                f"{where}: no turn was in phase {name!r}, which{not_known(name, table)}"
            )
    return {name: table[name] for name in wanted}


def fault_rows(result: Result, where: str, fault: str | None) -> dict[str, dict[str, object]]:
    """The faults that a selector names, with the recovery that the gate judged."""
    after = {
        gate["phase"]: gate["value"]
        for gate in result.get("gates") or ()
        if gate["name"] == "recovery.time"
    }
    rows = {
        str(row["id"]): {**row, "after_heal_s": after.get(f"fault:{row['id']}")}
        for row in view.faults_of(result)
    }
    if not rows:
        raise PlanError(f"{where}: the run had no fault to ask about")
    if fault is None:
        return rows
    known: list[str] = []
    found = {}
    for name, row in rows.items():
        kind = str(row["fault"])
        names = [name, kind, *kind.split("-"), *str(row["target"]).split(",")]
        known += names
        if fault in names or fault.replace("_", "-") in names:
            found[name] = row
    if not found:
        raise PlanError(f"{where}: fault {fault!r}{not_known(fault, dict.fromkeys(known))}")
    return found
