"""The rows of the answer sheet in words, the same in every output."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from reports.capacity.answer import AnswerSheet, Line
from reports.figures.figure import Figure, Label
from reports.render import formatting

NOT_KNOWN = "not known"
SAME = "as above"
"""For an unknown figure with the reason of the line before it."""
RECOMMENDED = "← recommended"
LABELS = {label: NOT_KNOWN if label is Label.UNKNOWN else label.value for label in Label}
"""Each label as a word."""
MEANINGS = {
    Label.MEASURED: "read from the records of a run",
    Label.FITTED: "from a curve through measurements, within their range",
    Label.SIMULATED: "from the simulator, calibrated by measurements",
    Label.ASSUMED: "given by you, published, or a rule that was not checked here",
    Label.UNKNOWN: "beyond what was validated, or not measured",
}
_WHOLE = frozenset({"replicas", "shards", "sessions", "conversations", "turns"})
_MONEY = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the sheet in words."""

    title: str
    value: str
    interval: str
    """`30 – 31`; empty where there is none."""
    label: Label
    note: str
    why: str
    """For an unknown figure: the measurement that would tell."""
    recommended: bool


def parts(sheet: AnswerSheet) -> Iterator[tuple[str, list[Row]]]:
    """The parts of the sheet with their rows, in order."""
    for part, members in groupby(sheet.lines.values(), key=lambda line: line.part):
        rows: list[Row] = []
        said = ""
        for line in members:
            row = _row(line)
            rows.append(replace(row, why=SAME) if row.why and row.why == said else row)
            said = row.why
        yield part.value, rows


def _row(line: Line) -> Row:
    figure = line.figure
    unknown = figure.value is None
    return Row(
        title=formatting.clean(line.title),
        value=value(figure),
        interval=interval(figure),
        label=figure.label,
        note="" if unknown else formatting.clean(line.note),
        why=formatting.clean(figure.why) if unknown else "",
        recommended=line.recommended and not unknown,
    )


def value(figure: Figure) -> str:
    """The value with its unit: `30.5 turns/s`, `4.20 s`, `3.35 GiB`, `+20 %`, `2.73 USD`."""
    return NOT_KNOWN if figure.value is None else amount(figure.value, figure.unit)


def amount(number: float, unit: str) -> str:
    """A number with its unit."""
    if unit in {"s", "bytes"}:
        return formatting.quantity(number, unit)
    one = unit in _WHOLE and number == 1
    shown = "%" if unit == "share" else formatting.clean(unit.removesuffix("s") if one else unit)
    return f"{bare(number, unit)} {shown}".strip()


def bare(number: float, unit: str) -> str:
    """A number without its unit, except for seconds and bytes."""
    if unit in {"s", "bytes"}:
        return amount(number, unit)
    if unit == "share":
        percent = number * 100
        return f"{percent:.0f}" if abs(percent) >= 99.95 else f"{percent:.3g}"
    if len(unit) == _MONEY and unit.isupper():
        return f"{number:,.2f}"
    if unit in _WHOLE and (number >= 100 or float(number).is_integer()):
        return f"{number:,.0f}"
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def interval(figure: Figure) -> str:
    """The interval: `30 – 31`, `30 or more`; empty if there is none, or if both ends read the same.

    Between negative numbers stands `to`.
    """
    if figure.value is None or (figure.low is None and figure.high is None):
        return ""
    if figure.low is None or figure.high is None:
        end, more = (figure.low, "more") if figure.high is None else (figure.high, "less")
        return f"{bare(end or 0.0, figure.unit)} or {more}"
    low, high = (bare(end, figure.unit) for end in (figure.low, figure.high))
    if low == high:
        return ""
    number, space, unit = low.rpartition(" ")
    # One unit is enough if both ends have the same.
    first = number if space and high.endswith(f" {unit}") else low
    return f"{first} {'to' if figure.low < 0 else '–'} {high}"


def title_line(sheet: AnswerSheet) -> str:
    """`diwali · sessions redis · SLO p99 ≤ 2 s, errors ≤ 0.10 %, 0 continuity violations`."""
    limits = []
    if "steady_p99_s" in sheet.slo:
        limits.append(f"p99 ≤ {formatting.seconds(sheet.slo['steady_p99_s'])}")
    if "error_rate" in sheet.slo:
        limits.append(f"errors ≤ {formatting.share(sheet.slo['error_rate'])}")
    limits.append("0 continuity violations")
    agent = [f"agent {sheet.agent}"] if sheet.agent else []
    named = [sheet.profile, f"sessions {sheet.sessions}", *agent, f"SLO {', '.join(limits)}"]
    return formatting.clean(" · ".join(named))


def trust(sheet: AnswerSheet) -> list[str]:
    """How far the sheet can be trusted, and what nothing has looked at."""
    told = sheet.trust
    facts = [formatting.plural(told.probes, "probe")]
    if told.seconds is not None:
        facts.append(formatting.seconds(told.seconds))
    if told.others_share is not None:
        facts.append(f"the other cores ≤ {formatting.share(told.others_share)} busy")
    if told.run_cv is not None:
        facts.append(f"run CV {formatting.share(told.run_cv)}")
    if told.sessions_measured is not None:
        facts.append(f"Redis measured up to {told.sessions_measured:,} sessions")
    if told.replicas_checked is not None:
        facts.append(f"simulator checked up to {told.replicas_checked} replicas")
    lines = [" · ".join(facts)]
    if told.not_shown:
        lines.append(f"NOT shown: {', '.join(told.not_shown)}")
    return [formatting.clean(line) for line in (*lines, *told.notes)]


def prices(sheet: AnswerSheet) -> str:
    """The provenance of the prices."""
    return formatting.clean(sheet.prices)
