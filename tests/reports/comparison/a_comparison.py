"""Hand-written comparisons: each word of a row, and each word of the whole."""

from __future__ import annotations

from typing import Any

from reports.comparison.model import Change, Comparison, Difference, Fact, Side, Word

MIB = 1024 * 1024
PAIRS = 5
A_RUNS = tuple(f"20261127T04{2 * k:02}00Z-diwali-{41 + k}" for k in range(PAIRS))
B_RUNS = tuple(f"20261127T04{2 * k + 1:02}00Z-diwali-{41 + k}" for k in range(PAIRS))
NO_STATISTICS: dict[str, Any] = {
    **dict.fromkeys(("ratio", "low", "high", "detectable", "spread")),
    "n": 0,
    "paired": False,
}


def side(name: str, runs: int = PAIRS, **values: Any) -> Side:
    """A side of so many runs that are GO."""
    fields: dict[str, Any] = {
        "name": name,
        "label": {"A": "runs/main", "B": "runs/candidate"}[name],
        "runs": {"A": A_RUNS, "B": B_RUNS}[name][:runs],
        "seeds": tuple(range(41, 41 + runs)),
        "verdicts": ("GO",) * runs,
    }
    return Side(**{**fields, **values})


def change(
    key: str, title: str, unit: str, a: float | None, b: float | None, word: Word, **values: Any
) -> Change:
    """A figure of which less is better, from five pairs, with a narrow interval."""
    ratio = b / a if a and b else None
    fields: dict[str, Any] = {
        "less_is_better": True,
        "needs_one_machine": unit in {"s", "µs"},
        "n": PAIRS,
        "paired": True,
        "ratio": ratio,
        "low": ratio and ratio * 0.992,
        "high": ratio and ratio * 1.008,
        "detectable": 0.024,
        "spread": 0.011,
    }
    return Change(key=key, title=title, unit=unit, a=a, b=b, word=word, **{**fields, **values})


def without_statement(each: Change, why: str) -> Change:
    """The figure of runs that cannot tell."""
    return change(
        *(each.key, each.title, each.unit, each.a, each.b, Word.NO_STATEMENT),
        **NO_STATISTICS,
        why=why,
    )


FACTS = (
    Fact(
        key="continuity.lost",
        title="Acknowledged turns lost",
        a="0 in 5 runs",
        b="3 turns in 2 of 5 runs",
        word=Word.WORSE,
        continuity=True,
    ),
    Fact(
        key="continuity",
        title="All other kinds of violation",
        a="0 in 5 runs",
        b="0 in 5 runs",
        word=Word.SAME,
        continuity=True,
    ),
    Fact(key="verdict", title="Verdict", a="GO in 5 of 5", b="GO in 3 of 5", word=Word.WORSE),
    Fact(
        key="recovery.time",
        title="Recovery",
        a="failed in 1 of 5 runs",
        b="passed in 5 runs",
        word=Word.BETTER,
    ),
    Fact(
        key="continuity.witness",
        title="Replies without the model's witness",
        a="0 in 5 runs",
        b="not visible",
        word=Word.NO_STATEMENT,
        why="Nothing of B shows it.",
    ),
)

CHANGES = (
    change("cpu_per_turn", "Replica CPU a turn", "s", 0.0114, 0.01257, Word.WORSE),
    change("redis_us_per_turn", "Redis CPU a turn", "µs", 212.0, 213.1, Word.SAME),
    change("redis_bytes_per_turn", "Redis bytes a turn", "bytes", 2467.0, 2350.0, Word.BETTER),
    change(
        *("p50", "p50 in the steady state", "s", 0.1602, 0.1625, Word.UNDECIDED),
        low=0.985,
        high=1.045,
        detectable=0.052,
    ),
    change(
        *("p99", "p99 in the steady state", "s", 0.2401, 0.2553, Word.UNDECIDED),
        low=0.93,
        high=1.21,
        margin=0.1,
        detectable=0.22,
    ),
    change("outage:kill-redis-1", "Outage by kill-redis-1", "s", 1.51, 4.62, Word.WORSE),
    change(
        *("recovery:kill-redis-1", "Recovery from kill-redis-1", "s", 1.45, None),
        Word.NO_STATEMENT,
        **NO_STATISTICS,
        why="B was not measured: kill-redis-1 took no hold in 5 of 5 runs",
    ),
)

DIFFERENCES = (
    Difference(key="environment.diya", title="Version of diya", a="0.1.0", b="0.2.0"),
    Difference(
        key="environment.versions.redis-py", title="Version of redis-py", a="8.1.0", b="8.1.1"
    ),
    Difference(
        key="environment.machine",
        title="Machine",
        a="5c1f0a92e7b4",
        b="e01b77d2c345",
        forbids="machine figures",
        why="A was played on another machine.",
    ),
)


def timeline(slower: float = 1.0, begin: float = 3.0, down: float = 1.0) -> dict[str, object]:
    """Half a minute of load with one fault: `slower` times the latency, `down` s without Redis."""
    times = [float(t) for t in range(36)]
    fault, load_end = begin + 12, begin + 30
    rows = []
    for t in times:
        loaded = begin <= t < load_end
        hurt = fault <= t < fault + down
        turns = 0 if not loaded else 6 if hurt else 20 + (int(t) * 7) % 5
        base = slower * (0.15 + 0.01 * (int(t) % 3))
        rows.append(
            {
                "turns_ok": turns,
                "turns_failed": 0,
                "turns_info": 2 if hurt else 0,
                "turns_retried": 8 if hurt else 0,
                "p50": (0.9 if hurt else base) if turns else None,
                "p99": (1.2 + down if hurt else base * 1.6) if turns else None,
                "redis_bytes": None if hurt else MIB + round(max(t - begin, 0)) * 60_000,
                "redis_forecast_bytes": MIB + round(max(t - begin, 0)) * 58_000,
            }
        )
    return {
        "step_s": 1.0,
        "t": times,
        "load_start": begin,
        "load_end": load_end,
        "phases": [{"name": "steady", "start": begin + 4, "end": load_end}],
        "faults": [
            {"id": "kill-redis-1", "start": fault, "end": fault + down, "recovered_at": fault + 1}
        ],
        **{name: [row[name] for row in rows] for name in rows[0]},
    }


def comparison(**values: Any) -> Comparison:
    """Five pairs in which B is worse; its rows have every word."""
    fields: dict[str, Any] = {
        "word": Word.WORSE,
        "headline": "B is worse: acknowledged turns were lost in 2 of 5 runs, in A in none",
        "a": side("A"),
        "b": side("B", verdicts=("GO", "NO-GO", "GO", "NO-GO", "GO")),
        "differences": DIFFERENCES[:2],
        "facts": FACTS,
        "changes": CHANGES,
        "timelines": {"A": timeline(), "B": timeline(1.1, begin=4.0, down=3.0)},
    }
    return Comparison(**{**fields, **values})


def same() -> Comparison:
    """Five pairs without a difference."""
    return comparison(
        word=Word.SAME,
        headline="B is the same as A: 0 continuity violations, every figure within 2 %",
        b=side("B"),
        differences=(),
        facts=FACTS[1:2],
        changes=(CHANGES[1],),
        timelines={"A": timeline(), "B": timeline(begin=4.0)},
    )


def one_run() -> Comparison:
    """One run a side, on two machines, one of them without a timeline."""
    why = "one run a side has no spread"
    return comparison(
        word=Word.NO_STATEMENT,
        headline="No statement: one run a side shows differences, not what they mean",
        a=side("A", 1),
        b=side("B", 1),
        differences=DIFFERENCES,
        facts=(),
        changes=tuple(without_statement(each, why) for each in CHANGES),
        timelines={"A": timeline()},
    )


def other_load() -> Comparison:
    """Another profile: nothing can be compared."""
    difference = Difference(
        key="profile",
        title="Profile",
        a="diwali",
        b="smoke",
        forbids="all figures",
        why="B played another load.",
    )
    return comparison(
        word=Word.NO_STATEMENT,
        headline="No statement: B played another load",
        differences=(difference,),
        facts=FACTS[1:2],
        changes=tuple(without_statement(each, difference.why) for each in CHANGES[:3]),
        timelines={},
    )


def undecided() -> Comparison:
    """Five pairs that do not tell about the latency."""
    return comparison(
        word=Word.UNDECIDED,
        headline="Undecided: p50 in the steady state changed by -1.5 % to +4.5 %",
        b=side("B"),
        differences=DIFFERENCES[:1],
        facts=FACTS[1:2],
        changes=CHANGES[1:2] + CHANGES[3:5],
    )


ALL = {
    "worse": comparison,
    "same": same,
    "one-run": one_run,
    "other-load": other_load,
    "undecided": undecided,
}
"""Name → comparison."""
