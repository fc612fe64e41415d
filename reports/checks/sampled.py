"""Gates on a share or on the 99th percentile, with their sample size and interval.

A sample that is too small is judged by a weaker question: did the slowest turn keep the limit, or
was none bad?  If not, and chance explains it, the gate is unknown.  The intervals are those of
`reports.measures.intervals`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from reports.measures.intervals import (
    SLOW_SHARE,
    is_enough,
    judge_share,
    percentile_interval,
    share_interval,
)
from reports.measures.percentiles import percentile
from reports.measures.phases import in_words
from reports.records import Evidence, Finding, Status

_TOO_FEW = "too few turns to tell"


def gate_percentile(
    check: str, phase: str, ordered: Sequence[float], limit: float, fewest: int = 1
) -> Finding:
    """Gate the p99 of ascending latencies, in seconds; unknown with fewer than `fewest`."""
    n = len(ordered)
    if not n:
        summary = f"No turn was answered {in_words(phase)}"
        return Finding(check, phase, Status.UNKNOWN, None, limit, "s", summary)
    slower = n - bisect_right(ordered, limit)
    status = judge_share(slower, n, SLOW_SHARE)
    low, high = percentile_interval(ordered, 99)
    if is_enough(n, SLOW_SHARE):
        judged_as, value = "p99", percentile(ordered, 99)
        measured = f"p99 of {n} turns {in_words(phase)}"
    else:
        judged_as, value = "slowest", ordered[-1]
        measured = f"slowest of {n} turns {in_words(phase)} (too few for a p99)"
    if status is Status.PASS and n < fewest:
        status = Status.UNKNOWN
    end = "" if high is None else f" to {high:.2f}"
    interval = f"95 % interval of the p99: {low:.2f}{end} s" + (" or more" if high is None else "")
    told = f"; {_TOO_FEW}" if status is Status.UNKNOWN else ""
    return Finding(
        check=check,
        phase=phase,
        status=status,
        value=value,
        limit=limit,
        unit="s",
        summary=f"{measured}: {value:.2f} s, limit {limit:g} s ({interval}){told}",
        sample=Evidence(n, low, high, judged_as),
    )


def evidence_of_p99(ordered: Sequence[float]) -> Evidence:
    """The sample of the p99 of these ascending values (at least one)."""
    low, high = percentile_interval(ordered, 99)
    return Evidence(len(ordered), low, high, "p99")


def gate_share(
    check: str,
    bad: int,
    n: int,
    limit: float,
    what: str,
    evidence: tuple[str, ...] = (),
    phase: str = "run",
    things: str = "turns",
) -> Finding:
    """Gate the share of `n` turns that are bad; `what` names the defect, as in `got no answer`.

    `things` names the counted things if they are not turns.

    Raises ValueError unless 0 <= bad <= n and n > 0.
    """
    status = judge_share(bad, n, limit)
    low, high = share_interval(bad, n)
    told = f"; too few {things} to tell" if status is Status.UNKNOWN else ""
    return Finding(
        check=check,
        phase=phase,
        status=status,
        value=bad / n,
        limit=limit,
        unit="share",
        summary=f"{bad} of {n} {things} {what} ({bad / n:.3%}), limit {limit:.3%} "
        f"(95 % interval: {low:.3%} to {high:.3%}){told}",
        evidence=evidence,
        sample=Evidence(n, low, high, "share" if is_enough(n, limit) else "none"),
    )
