"""The generator's lag in the phase of each failed latency gate.

The other gates on the generator's lag cover the whole run.  In a long run a stall of some seconds
is less than 1 % of it, and would count against the service during a fault.
"""

from __future__ import annotations

from itertools import chain

from reports.checks.latency import check_latency
from reports.checks.recovery import check_recovery
from reports.gates import gate
from reports.measures.generator import arrival_lags, later_turn_lags
from reports.measures.intervals import SLOW_SHARE, is_enough
from reports.measures.percentiles import ascending, percentile
from reports.measures.phases import in_brackets, time_of
from reports.records import Finding, Status
from reports.records.history import History

_EVIDENCE_LINES = 20


def check_phase_lag(history: History) -> list[Finding]:
    """Gate the generator where a fault's own gate failed; no finding where it kept up."""
    limit = history.run.slo("generator_lag_p99_s")
    late = []
    for finding in (*history.once(check_latency), *history.once(check_recovery)):
        if finding.status is Status.FAIL and finding.phase.startswith(("fault:", "recovery:")):
            value = _lag(history, *time_of(history, finding.phase))
            if value is not None and value > limit:
                late.append((value, finding))
    if not late:
        return []
    value, first = max(late, key=lambda pair: pair[0])
    return [
        Finding(
            check="validity.phase_lag",
            phase="run",
            status=Status.FAIL,
            value=value,
            limit=limit,
            unit="s",
            summary=f"{gate(first.check).title}{in_brackets(first.phase)} failed while the "
            f"generator itself was {value:.3f} s late, limit {limit:g} s",
            evidence=tuple(
                f"{gate(finding.check).title}{in_brackets(finding.phase)} failed; the generator "
                f"was {lag:.3f} s late meanwhile"
                for lag, finding in late[:_EVIDENCE_LINES]
            ),
        )
    ]


def _lag(history: History, since: float, until: float) -> float | None:
    """The p99 of the lags in this time (with few of them the maximum), seconds."""
    lags = ascending(
        lag
        for due, lag in chain(arrival_lags(history), later_turn_lags(history))
        if since <= due <= until
    )
    if not lags:
        return None
    return percentile(lags, 99) if is_enough(len(lags), SLOW_SHARE) else lags[-1]
