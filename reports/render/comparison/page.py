"""comparison.html: the comparison of two sides on one self-contained page."""

from __future__ import annotations

from html import escape

from reports.comparison.model import Change, Comparison, Difference, Fact, Word
from reports.render import document, formatting
from reports.render.comparison import bars, timelines, view
from reports.render.svg import Scale

_CLASSES = {Word.WORSE: "fail", Word.SAME: "pass", Word.BETTER: "pass"}


def render(comparison: Comparison) -> str:
    """The page.  Everything that comes from the runs is escaped."""
    sides = f"{comparison.a.label} and {comparison.b.label}"
    sections = [
        _banner(comparison),
        document.section("What differs in the set-up", _differences(comparison)),
        document.section("Facts", _facts(comparison)),
        document.section("Figures", _figures(comparison)),
        document.section("Timelines", _timelines(comparison)),
    ]
    return document.page(
        f"{comparison.word.upper()}: {formatting.clean(sides)}",
        _CLASSES.get(comparison.word, "unknown"),
        sections,
        ("report.css", "comparison.css"),
        "report.js",
    )


def _banner(comparison: Comparison) -> str:
    return document.banner(
        comparison.word.upper(),
        formatting.clean(comparison.headline),
        view.forbidden(comparison),
        [f"{side.name}: {view.side_line(side)}" for side in (comparison.a, comparison.b)],
    )


def _differences(comparison: Comparison) -> str:
    if not comparison.differences:
        return f"<p>{view.NO_DIFFERENCE}</p>"
    rows = [_difference(each) for each in comparison.differences]
    return _table("setup", "Differences of the set-up", ("", "A", "B", "forbids"), rows)


def _difference(each: Difference) -> str:
    kind = ' class="unknown"' if each.why else ""
    return (
        f'<tr{kind}><th scope="row">{_text(each.title)}</th>{_side("A", each.a)}'
        f'{_side("B", each.b)}<td data-name="forbids">{escape(view.consequence(each))}</td></tr>'
    )


def _facts(comparison: Comparison) -> str:
    if not comparison.facts:
        return "<p>There is no fact that both sides show.</p>"
    rows = [_fact(each) for each in comparison.facts]
    return _table("facts", "Facts", ("", "", "A", "B"), rows)


def _fact(each: Fact) -> str:
    why = f"<small>{_text(each.why)}</small>" if each.why else ""
    return (
        f'<tr class="{bars.KINDS[each.word]}"><td>{_word(each.word)}</td>'
        f'<th scope="row">{_text(each.title)}{why}</th>'
        f"{_side('A', each.a)}{_side('B', each.b)}</tr>"
    )


def _figures(comparison: Comparison) -> str:
    changes = comparison.changes
    if not changes:
        return "<p>There is no figure that a side measured.</p>"
    axis = bars.axis_of(changes)
    head = (
        '<th scope="col"><span class="hidden">Word</span></th><th scope="col">Figure</th>'
        '<th scope="col">A</th><th scope="col">B</th>'
        f'<th scope="col">change of B<br>95 % interval</th><th scope="col">{bars.head(axis)}</th>'
        '<th scope="col">sample</th><th scope="col">smallest<br>detectable</th>'
    )
    rows = "\n".join(_figure(each, axis) for each in changes)
    notes = [f"{line[0].upper()}{line[1:]}." for line in view.reason_lines(comparison)]
    told = "".join(f'<p class="note reason">{escape(note)}</p>\n' for note in notes)
    return (
        f'{told}<table class="compared figures-table"><caption class="hidden">Figures</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>\n{_key(comparison)}"
    )


def _figure(each: Change, axis: Scale) -> str:
    row = view.row(each)
    interval = f"<small>{escape(row.interval)}</small>" if row.interval else ""
    margin = f'<small class="own">margin {row.margin}</small>' if row.margin else ""
    return (
        f'<tr class="{bars.KINDS[each.word]}"><td>{_word(each.word)}</td>'
        f'<th scope="row">{escape(row.title)}{margin}</th>'
        f"{_side('A', row.a)}{_side('B', row.b)}"
        f'<td class="change"><b>{escape(row.change)}</b>{interval}</td>'
        f'<td class="drawn">{bars.draw(each, axis)}</td>'
        f"<td>{escape(row.sample) or formatting.MISSING}</td>"
        f'<td data-name="detectable">{escape(row.detectable) or formatting.MISSING}</td></tr>'
    )


def _key(comparison: Comparison) -> str:
    used = {each.word for each in comparison.changes}
    meanings = "".join(
        f"<dt>{_word(word)}</dt><dd>{escape(meaning)}</dd>"
        for word, meaning in view.MEANINGS.items()
        if word in used
    )
    return (
        '<p class="note">The change is of B against A. The bar is its 95 % interval, the shaded '
        "band the margin within which a change does not matter in practice; a hollow dot is a "
        "plain difference without a statement, an arrow lies beyond the axis. Smallest detectable: "
        "the change that these runs would have found with a probability of 80 %.</p>\n"
        f'<dl class="labels">{meanings}</dl>'
    )


def _timelines(comparison: Comparison) -> str:
    plot = timelines.plot(comparison)
    if not plot:
        return "<p>No side recorded a timeline.</p>"
    named = [
        f"{side.name}: {formatting.clean(side.runs[0])}"
        for side in (comparison.a, comparison.b)
        if side.runs
    ]
    return (
        f'{plot}\n<p class="note">The first run of each side ({escape(", ".join(named))}), on one '
        "time axis from the start of its load, with one scale for both sides. Shaded: a fault, "
        "from its start until it was healed; the dashed edge is where its target answered again. "
        "Dotted: the load begins and ends.</p>"
    )


def _table(kind: str, caption: str, head: tuple[str, ...], rows: list[str]) -> str:
    cells = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    return (
        f'<table class="compared {kind}"><caption class="hidden">{escape(caption)}</caption>'
        f"<thead><tr>{cells}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody></table>"
    )


def _side(name: str, value: str) -> str:
    """The value of a side; a narrow page shows the side's name beside it."""
    return f'<td data-name="{name}">{_text(value)}</td>'


def _word(word: Word) -> str:
    return (
        f'<span class="word {bars.KINDS[word]}"><span aria-hidden="true">{view.SYMBOLS[word]}'
        f"</span> {word}</span>"
    )


def _text(text: str) -> str:
    return escape(formatting.clean(text))
