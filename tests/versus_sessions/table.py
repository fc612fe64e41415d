"""The tables of a measurement in Markdown, and the page that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reports.gates import gate
from tests.versus_sessions.measured import Measured, Play, Row
from tests.versus_sessions.services import BY_NAME

BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
_LOSSES = ("lost", "truncated", "context_missed")
"""A customer whose session survives has none of these."""
_AFTER_THE_TTL = "resurrected"
_NO = "–"


def markdown(measured: Measured) -> str:
    """The facts, the figures, the commands, and what was measured where and when."""
    played = [row for row in measured.rows if row.calm is not None]
    parts = [
        _basis(measured),
        "### Facts\n",
        _facts(played),
        "### Figures\n",
        _figures(played),
        "### Not played\n" if len(played) < len(measured.rows) else "",
        *(f"- {_title(row)}: {row.missing}.\n" for row in measured.rows if row.calm is None),
        "### Commands\n",
        _commands(played),
    ]
    return "\n".join(filter(None, parts))


def updated(page: str, measured: Measured) -> str:
    """The page with these tables between its markers.  Raises ValueError without the markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page must hold the lines {BEGIN.strip()} and {END.strip()}")
    return "".join([before, BEGIN, "\n", markdown(measured), "\n", END, after])


def _basis(measured: Measured) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in measured.machine.items())
    versions = ", ".join(f"{name} {value}" for name, value in measured.versions.items())
    return (
        f"Measured on {measured.date} with seed {measured.seed} and {measured.replicas} replicas "
        f"on one machine ({machine}); {versions}.\n"
    )


def _facts(rows: Sequence[Row]) -> str:
    head = (
        "service",
        "verdict: calm, replicas killed, store killed",
        "violations, calm",
        "violations while 5 replicas are killed",
        "violations while the store is killed twice",
        "sessions survive a killed replica",
        "sessions survive a killed store",
        "sessions end after the TTL",
        "turns that moved to another replica",
    )
    return _table(head, ([_title(row), *_row_of_facts(row)] for row in rows))


def _row_of_facts(row: Row) -> list[str]:
    plays = [row.calm, row.replicas, row.store]
    assert row.calm is not None
    return [
        ", ".join(_NO if each is None else each.verdict for each in plays),
        *(_violations(each) for each in plays),
        _survive(row.replicas),
        _survive(row.store),
        _ends(row.calm),
        f"{row.calm.moved:,} of {row.calm.turns:,}" if row.calm.turns else "none was answered",
    ]


def _violations(play: Play | None) -> str:
    if play is None:
        return "no server"
    if play.verdict == "INCONCLUSIVE":
        return "not told"
    found = {k: n for k, n in play.violations.items() if k != _AFTER_THE_TTL}
    # The run's own soundness says something about the machine and not about the service.
    aside = ("continuity.", "validity.")
    others = [name for name in play.failing if not name.startswith(aside)]
    told = [f"{n} {_title_of(kind)}" for kind, n in found.items()] or ["none"]
    return "; ".join([*told, *([f"also failed: {', '.join(others)}"] if others else [])])


def _title_of(kind: str) -> str:
    return gate(f"continuity.{kind}").question


def _survive(play: Play | None) -> str:
    if play is None:
        return _NO
    if play.verdict == "INCONCLUSIVE":
        return "not told"
    lost = sum(play.violations.get(kind, 0) for kind in _LOSSES)
    return "yes" if not lost else f"no: {lost:,} turns without their history"


def _ends(play: Play) -> str:
    after = play.violations.get(_AFTER_THE_TTL, 0)
    if play.verdict == "INCONCLUSIVE" or not play.turns:
        return "not told"
    if "memory.ttl" in play.failing:
        return "no: keys without a TTL"
    return "yes" if not after else f"no: {after} of {play.conversations} are there after it"


def _figures(rows: Sequence[Row]) -> str:
    head = (
        "service",
        "CPU of the replicas a turn",
        "CPU of the store a turn",
        "round trips to the store a turn",
        "bytes to and from the store a turn",
        "memory of Redis a session",
        "p50",
        "p99",
        "turns",
        "longest wait, replicas killed",
        "longest wait, store killed",
        "others' CPU, the worst 5 s",
    )
    return _table(head, ([_title(row), *_row_of_figures(row)] for row in rows))


def _row_of_figures(row: Row) -> list[str]:
    calm = row.calm
    assert calm is not None
    return [
        _seconds(calm.replica_cpu_s),
        _seconds(calm.store_cpu_s),
        _NO if calm.store_trips is None else f"{calm.store_trips:.1f}",
        _bytes(calm.store_bytes),
        _bytes(calm.session_bytes),
        _seconds(calm.p50_s),
        _seconds(calm.p99_s),
        f"{calm.steady_turns:,}",
        *(
            _NO
            if each is None or not each.turns or not each.outages
            else _seconds(max(each.outages))
            for each in (row.replicas, row.store)
        ),
        _NO if calm.others_cpu is None else f"{calm.others_cpu:.0%}".replace("%", " %"),
    ]


def _commands(rows: Sequence[Row]) -> str:
    told = ["```"]
    for row in rows:
        for each in (row.calm, row.replicas, row.store):
            if each is not None:
                told.append(" ".join(["diya", *each.command]))
    return "\n".join([*told, "```"])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _title(row: Row) -> str:
    return BY_NAME[row.name].title if row.name in BY_NAME else row.name


def _seconds(value: float | None) -> str:
    if value is None:
        return _NO
    if value < 0.001:
        return f"{value * 1e6:.0f} µs"
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def _bytes(value: float | None) -> str:
    if value is None:
        return _NO
    return f"{value:,.0f} B" if value < 10_000 else f"{value / 1000:,.0f} kB"
