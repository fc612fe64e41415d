"""Expectations about a baseline: `p99 not worse than main by 10%`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from harness.pytest_plugin import amounts, expectation
from harness.pytest_plugin.errors import PlanError
from harness.pytest_plugin.metrics import METRICS as OWN
from harness.pytest_plugin.metrics import Metric as Own
from harness.pytest_plugin.settings import not_known
from reports.comparison.metrics import METRICS, Metric, metrics_of
from reports.render import view
from reports.render.view import Result

_FORM = re.compile(r"\s*(\S+)\s+not\s+worse\s+than\s+(\S+)\s+by\s+(\S.*?)\s*")
_MEANT = re.compile(r"\bworse\b")
_STEADY = "steady"
_MOST = 10.0
_KEYS = {metric.key: metric for metric in METRICS}
_OF_FAULTS = ("recovery", "outage")
_MEASURED = tuple(
    name for name, own in OWN.items() if own.units is amounts.SECONDS or own.units is amounts.SIZES
)
NAMES = tuple(dict.fromkeys((*_KEYS, *_MEASURED)))
"""Every name that such an expectation may begin with: the keys of the figures that are compared,
and the plugin's own names of times and sizes."""


@dataclass(frozen=True)
class Statement:
    """What is expected of the comparison with a baseline."""

    expected: str
    name: str
    fault: str | None
    """Of a name such as `recovery:kill-redis-1`, which is the key of a figure."""
    label: str
    margin: float
    """A share."""

    @property
    def where(self) -> str:
        """The call, for errors."""
        return f"expect({self.expected!r})"


def is_meant(expected: str) -> bool:
    """Whether the expectation is about a baseline, well written or not."""
    return _MEANT.search(expected) is not None


def read(expected: str) -> Statement:
    """The statement.  Raises PlanError when it is mistyped, with the nearest name."""
    where = f"expect({expected!r})"
    match = _FORM.fullmatch(expected)
    if match is None:
        raise PlanError(
            f"{where}: must be NAME not worse than LABEL by PERCENT, as 'p99 not worse than main "
            "by 10%'"
        )
    written, label, share = match.groups()
    name, _, fault = written.partition(":")
    if fault and name not in _OF_FAULTS:
        name, fault = written, ""
    if name not in NAMES:
        if name in OWN or name == "verdict":
            raise PlanError(
                f"{where}: {name} cannot be compared with a baseline; it must have a limit of its "
                f"own, as '{name} == …'"
            )
        raise PlanError(f"{where}: {name!r}{not_known(name, NAMES)}")
    margin = amounts.read(share, amounts.SHARES, where)
    if not 0 < margin <= _MOST:
        raise PlanError(f"{where}: must be above 0 % and at most {_MOST:.0%}, got {share!r}")
    return Statement(expected, name, fault or None, label, margin)


def metrics(
    statement: Statement, result: Result, *, phase: str | None, fault: str | None
) -> tuple[Metric, ...]:
    """The figures that the statement is about, never none: one for each fault or phase it names.

    Latency is that of the steady state where neither is given.  Raises PlanError for a phase or
    fault that the run did not have, or that the figure is not of.
    """
    name, where = statement.name, statement.where
    if statement.fault is not None:
        if fault is not None:
            raise PlanError(f"{where}: must have one fault, got {statement.fault!r} and {fault!r}")
        fault = statement.fault
    own = OWN.get(name)
    if own is not None and own.scope == "phase":
        return _of_phases(name, own, result, where, phase, fault)
    if own is not None and own.scope == "fault":
        known = {metric.key: metric for metric in metrics_of([result])}
        return tuple(
            known.get(f"{name}:{each}")
            or Metric(f"{name}:{each}", f"{name} of {each}", "s", partial(_of_fault, own, each))
            for each in expectation.places(result, own, where, phase, fault)
        )
    if phase is not None or fault is not None:
        raise PlanError(f"{where}: it is measured over the whole run: no phase, no fault")
    if own is None or name in _KEYS:
        return (_KEYS[name],)
    return (Metric(name, name, "bytes", partial(_of_run, own), needs_one_machine=False),)


def _of_phases(
    name: str, own: Own, result: Result, where: str, phase: str | None, fault: str | None
) -> tuple[Metric, ...]:
    if name in _KEYS and fault is None and phase in (None, _STEADY):
        return (_KEYS[name],)
    asked = _STEADY if phase is None and fault is None else phase
    return tuple(
        Metric(f"{name}:{place}", f"{name} in {place}", "s", partial(_in_phase, own, place))
        for place in expectation.places(result, own, where, asked, fault)
    )


def _of_run(own: Own, result: Mapping[str, Any]) -> float | None:
    return own.read(result)


def _in_phase(own: Own, phase: str, result: Mapping[str, Any]) -> float | None:
    row = view.part(dict(result), "latency").get(phase)
    return own.read(row) if row else None


def _of_fault(own: Own, fault: str, result: Mapping[str, Any]) -> float | None:
    rows = (row for row in result.get("faults") or () if row.get("id") == fault)
    return next((own.read(row) for row in rows), None)
