"""Percentiles of latency by phase."""

from __future__ import annotations

from reports.render import formatting, view
from reports.render.sections.section import Content, Section, Table
from reports.render.view import Result


def _page(result: Result) -> Content:
    """Percentiles by phase; small samples are marked."""
    phases = view.latency_phases(result)
    if not phases:
        return "No turn was measured."
    columns = list(view.PERCENTILES)
    firsts = [
        key
        for key in ("first_token_p50", "first_token_p99")
        if any(view.number(row, key) is not None for _, row in phases)
    ]
    titles = [view.PERCENTILE_TITLES.get(name, name) for name in columns]
    titles += [key.replace("first_token_", "first token ") for key in firsts]
    rows, small = [], False
    for name, row in phases:
        few = (view.number(row, "count") or 0) < view.SMALL_SAMPLE
        small = small or few
        figures = [formatting.seconds(view.number(row, key)) for key in columns + firsts]
        turns = formatting.count(view.number(row, "count")) + (" *" if few else "")
        rows.append((view.phase_words(name), turns, *figures))
    note = f"* Fewer than {view.SMALL_SAMPLE} turns are too few for a p99: the gate judges the "
    note += "slowest turn."
    return Table(["Phase", "turns", *titles], rows, note if small else "")


SECTION = Section("Latency by phase", _page)
