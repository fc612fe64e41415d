"""Foreign CPU: did other processes use the machine while a latency gate failed?

A gate on latency, outage or recovery that fails while other processes were busy says nothing about
the service.  Lost or duplicated turns count however busy the machine was, and a passed gate stays
passed.
"""

from __future__ import annotations

from collections.abc import Sequence

from reports.checks.latency import check_latency
from reports.checks.recovery import check_recovery
from reports.gates import gate
from reports.measures.foreign_cpu import LIMIT_PERCENT, STRETCH, Stretch, busiest, worst_stretch
from reports.measures.phases import in_brackets, time_of
from reports.records import Finding, Status
from reports.records.history import History

_NAME = "validity.foreign_cpu"


def check_foreign_cpu(history: History) -> list[Finding]:
    """Gate the machine; no finding if its CPU could not be measured."""
    worst = history.once(worst_stretch)
    if worst is None:
        return []
    failing = [
        finding
        for finding in (*history.once(check_latency), *history.once(check_recovery))
        if finding.status is Status.FAIL
    ]
    excused, roomy = [], []
    for finding in failing:
        stretch = busiest(history, *time_of(history, finding.phase))
        if stretch is None:
            continue
        if stretch.disturbs:
            excused.append((stretch, finding))
        elif stretch.foreign > LIMIT_PERCENT:
            roomy.append((stretch, finding))
    if excused:
        return [_disturbed(excused)]
    value = f"{worst.foreign:.0f} % of the machine over {STRETCH} s"
    if worst.foreign <= LIMIT_PERCENT:
        summary = f"Other processes used at most {value}, limit {LIMIT_PERCENT:g} %"
        limit: float | None = LIMIT_PERCENT
    elif roomy:
        stretch, finding = max(roomy, key=lambda pair: pair[0].foreign)
        summary = f"Other processes used up to {value}; {gate(finding.check).title}"
        summary += f"{in_brackets(finding.phase)} failed beside {stretch.foreign:.0f} %, on a "
        summary += f"machine that was only {stretch.busy:.0f} % busy: that does not excuse it"
        limit = None
    else:
        without = "no latency gate failed beside it" if failing else "no latency gate failed"
        summary, limit = f"Other processes used up to {value}; {without}", None
    return [Finding(_NAME, "run", Status.PASS, worst.foreign, limit, "%", summary)]


def _disturbed(excused: Sequence[tuple[Stretch, Finding]]) -> Finding:
    stretch, first = max(excused, key=lambda pair: pair[0].foreign)
    return Finding(
        check=_NAME,
        phase="run",
        status=Status.FAIL,
        value=stretch.foreign,
        limit=LIMIT_PERCENT,
        unit="%",
        summary=f"{gate(first.check).title}{in_brackets(first.phase)} failed while other "
        f"processes used {stretch.foreign:.0f} % of a machine that was {stretch.busy:.0f} % busy, "
        f"limit {LIMIT_PERCENT:g} %: run it again while they are quiet",
        evidence=tuple(
            f"{gate(finding.check).title}{in_brackets(finding.phase)} failed; from "
            f"{stretch.at:.1f} s others used {stretch.foreign:.0f} % over {STRETCH} s, "
            f"{stretch.busy:.0f} % was busy in all"
            for stretch, finding in excused[:20]
        ),
    )
