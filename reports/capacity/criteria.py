"""The criteria of a probe, each with a sentence when it is not met."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reports.capacity.limiting import BUSY, Evidence
from reports.checks.continuity import check_continuity
from reports.measures.intervals import SLOW_SHARE, judge_share
from reports.records import Status
from reports.records.history import History

WORK_LIMIT = 0.95
"""Offered work, as a share of what the limiting part carries."""
_WORST = 1e9


@dataclass(frozen=True, slots=True)
class Reason:
    """A criterion that is not met."""

    weight: float
    """The value as a multiple of its limit: larger is worse."""
    words: str
    fact: bool = False
    """It holds in an unsound probe too."""
    waited: bool = False
    """It rests on turns that waited, which other processes on the replica's core can cause."""


def broken_continuity(history: History) -> list[Reason]:
    """The violations of continuity, which hold in any probe."""
    return [
        Reason(_WORST, each.summary, fact=True)
        for each in check_continuity(history)
        if each.status is Status.FAIL
    ]


def unseen_continuity(history: History) -> list[str]:
    """Why it is not known whether turns were lost; empty: it is known.

    A probe does not wait until its sessions expire, so that other classes may be unknown.
    """
    return [
        each.summary
        for each in check_continuity(history)
        if each.check == "continuity.lost" and each.status is Status.UNKNOWN
    ]


def not_met(
    evidence: Evidence, offered: float, p99_limit: float, error_limit: float
) -> Iterator[Reason]:
    """The criteria of latency, errors and backlog; `offered` are turns a second, the limits seconds
    and a share of the turns.
    """
    found, growth = evidence.waits, evidence.growth
    if found.missed_share > SLOW_SHARE:
        yield Reason(
            found.missed_share / SLOW_SHARE,
            f"{found.missed} of {found.turns} turns missed the SLO (refused, failed, late or open "
            f"for longer than {p99_limit:g} s), limit {SLOW_SHARE * 100:g} %",
            waited=True,
        )
    if found.p99_s is not None and found.p99_s > p99_limit:
        yield Reason(
            found.p99_s / p99_limit,
            f"the p99 was {found.p99_s:.2f} s, limit {p99_limit:g} s",
            waited=True,
        )
    if found.turns and judge_share(found.failed, found.turns, error_limit) is Status.FAIL:
        share = found.failed / found.turns
        yield Reason(
            share / max(error_limit, 1e-6),
            f"{found.failed} of {found.turns} turns got no answer, limit {error_limit * 100:g} %",
        )
    if growth is not None and growth.grows:
        yield Reason(
            1 + growth.per_s / max(offered, 1e-9),
            f"the backlog grew by {growth.per_s:.2f} turns/s, of which chance arrivals explain at "
            f"most {growth.noise:.2f}",
            waited=True,
        )


def too_much_work(evidence: Evidence, offered: float) -> Iterator[Reason]:
    """The criteria of the offered work, which a short overload shows before the latency does."""
    shares = ((evidence.cpu_share, "replica's core"), (evidence.redis_share, "Redis's main thread"))
    for share, whose in shares:
        if share is not None and share >= WORK_LIMIT:
            yield Reason(
                share / WORK_LIMIT,
                f"the offered work was {share:.3f} of the {whose}, limit {WORK_LIMIT:g}".replace(
                    "the Redis", "Redis"
                ),
            )
    full = evidence.full
    if any((share or 0.0) >= BUSY for share, _ in shares):
        return  # the work of a busy processor is measured directly, and more exactly
    if full is not None and offered >= WORK_LIMIT * (full.per_s + full.error):
        yield Reason(
            offered / (WORK_LIMIT * full.per_s) if full.per_s else _WORST / 2,
            f"turns waited for {full.seconds:.0f} s, in which {full.per_s:.1f} turns/s were "
            f"finished; {offered:.1f} were offered, limit {WORK_LIMIT:g} of what is finished",
            waited=True,
        )
