"""The result on one terminal screen (80×40): verdict first, then the gates and tables."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from reports.render import budget_view, declared_view, formatting, view
from reports.render.sections import LINES, SECTIONS
from reports.render.view import Gate, GateGroup, Result

SCREEN_LINES = 40

_STYLES = {
    "pass": "32",
    "fail": "31",
    "unknown": "33",
    "dim": "2",
    "bold": "1",
    "GO": "1;30;42",
    "NO-GO": "1;37;41",
    "INCONCLUSIVE": "1;30;43",
}
_MAX_FAULTS = 6
_HANG = 14
"""The column at which the text of a passed gate begins."""


def render(result: Result, color: bool, width: int = 100, report: str = "") -> str:
    """The screen as text that ends with a newline.

    `color` adds ANSI styles; `width` is the number of columns (at least 60 are used); `report` is
    the path of the page to open for more.  At most 40 lines, the path's own line included; no
    line but the path is wider than `width`.
    """
    pen = _Pen(color, max(width, 60))
    top = [*_verdict(result, pen), ""]
    faults, told = _faults(result, pen), _lines(result, pen)
    end = [f"Report  {formatting.clean(report)}"] if report else []
    fixed = len(top) + len(faults) + len(told) + len(end)
    spare = SCREEN_LINES - fixed
    failing_gates = sum(gate.status != "pass" for gate in view.gates(result))
    # Latency needs its heading, a few phases and a blank line; the gates may use the other lines,
    # and the tables get those that the gates leave.
    gates = _gates(result, pen, spare - (5 if failing_gates else 3))
    latency = _latency(result, pen, spare - len(gates))
    lines = [*top, *gates, *faults, *latency, *told, *end]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def verdict_line(result: Result, run_dir: str) -> str:
    """The verdict on one line, for a script: verdict, run directory, headline, two spaces apart."""
    words = (result.get("verdict"), run_dir, result.get("headline") or "")
    return "  ".join(formatting.clean(word) for word in words).rstrip()


class _Pen:
    """Writes styled text of a known width."""

    def __init__(self, color: bool, width: int) -> None:
        self.color = color
        self.width = width

    def style(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.color and text else text

    def cut(self, text: str, width: int) -> str:
        return text if len(text) <= width else text[: max(width - 1, 0)] + "…"

    def wrap(self, text: str, lines: int, indent: str = "", hang: str | None = None) -> list[str]:
        return textwrap.wrap(
            text,
            self.width,
            initial_indent=indent,
            subsequent_indent=indent if hang is None else hang,
            max_lines=lines,
            placeholder=" …",
        )

    def table(self, rows: Sequence[Sequence[str]], first: int) -> list[str]:
        """Columns as wide as they need: the first left-aligned and cut to the rest, others
        right."""
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        free = self.width - sum(widths[1:]) - 2 * (len(widths) - 1)
        widths[0] = max(min(widths[0], free), min(first, free), 8)
        lines = [
            "  ".join(
                self.cut(cell, widths[0]).ljust(widths[0]) if at == 0 else cell.rjust(widths[at])
                for at, cell in enumerate(row)
            )
            for row in rows
        ]
        head, *body = [self.cut(line, self.width) for line in lines]
        return [self.style(head, "dim"), *body]


def _verdict(result: Result, pen: _Pen) -> list[str]:
    verdict = formatting.clean(result.get("verdict"))
    badge = f" {view.VERDICT_SYMBOLS.get(verdict, '?')} {verdict} "
    name = formatting.clean(result.get("name") or result.get("run_id") or "")
    duration = formatting.seconds(view.number(result, "duration_s"))
    rest = pen.cut(f"  {name}, {duration}", pen.width - len(badge))
    styled = pen.style(badge, verdict) if verdict in _STYLES else badge
    headline = formatting.clean(result.get("headline") or "")
    return [
        styled + pen.style(rest, "dim"),
        *(pen.style(line, "bold") for line in pen.wrap(headline, 2)),
        pen.style(pen.cut(view.run_line(result), pen.width), "dim"),
        *(pen.style(line, "dim") for told in LINES for line in pen.wrap(told(result), 2)),
    ]


def _gates(result: Result, pen: _Pen, budget: int) -> list[str]:
    gates = view.gates(result)
    lines = [pen.style("Gates", "bold") + f"  {view.tally(gates)}"]
    told = {gate.summary for gate in gates}
    untold = [reason for reason in view.reasons(result) if reason not in told]
    lines += [line for reason in untold[:2] for line in pen.wrap(reason, 2, "  ")]
    passed = [group for group in view.groups(result) if group.status == "pass"]
    failing = view.alike([gate for gate in gates if gate.status != "pass"])
    # A passed group takes a second line only if there is room for it.
    extra = 0 if failing else max(budget - len(lines) - len(passed) - 1, 0)
    room = max(budget - len(lines) - len(passed) - 1, 2)
    for index, same in enumerate(failing):
        entry = _failing_lines(same, result, pen)
        more = index + 1 < len(failing)
        if len(entry) + more > room:
            left = sum(len(others) for others in failing[index:])
            lines.append(f"  … and {left} more in the report")
            break
        lines += entry
        room -= len(entry)
    for group in passed:
        entry = _passed_lines(group, result, pen, 2 if extra else 1)
        extra -= len(entry) - 1
        lines += entry
    return [*lines, ""]


def _failing_lines(same: list[Gate], result: Result, pen: _Pen) -> list[str]:
    gate = same[0]
    if len(same) == 1:
        where = f", {gate.where}" if gate.where else ""
        tail = f"  {gate.value} (limit {gate.limit})"
        head = pen.cut(gate.title + where, max(pen.width - 2 - len(tail), 12)) + tail
    else:
        head = f"{len(same)} gates: {', '.join(other.title for other in same)}"
    line = pen.cut(f"{view.SYMBOLS[gate.status]} {head}", pen.width)
    why = view.why(result, gate.name, gate.phase)
    told = pen.wrap(f"Why: {why}", 2, "    ") if why else []
    return [pen.style(line, gate.status), *pen.wrap(gate.summary, 2, "    "), *told]


def _passed_lines(group: GateGroup, result: Result, pen: _Pen, most: int) -> list[str]:
    """A group of passed gates on one line, or two."""
    if len(group.gates) == 1:
        said = group.gates[0].summary
    else:
        said = f"{len(group.gates)} passed: " + view.essence_in_short(group.gates, result)
    text = f"{view.SYMBOLS['pass']} {group.title.ljust(10)}  {said}"
    first, *rest = pen.wrap(text, most, hang=" " * _HANG)
    return [pen.style(first[0], "pass") + first[1:], *rest]


def _faults(result: Result, pen: _Pen) -> list[str]:
    faults = view.faults_of(result)
    if not faults:
        return [f"{pen.style('Faults', 'bold')}  none was injected", ""]
    rows = [("Fault", "at", "down", "recovered", "disturbed", "failed", "outage", "budget")]
    for fault in faults[:_MAX_FAULTS]:
        held = bool(fault.get("took_hold"))
        rows.append(
            (
                formatting.clean(fault.get("id")),
                formatting.clock(view.number(fault, "start")),
                declared_view.down(fault),
                formatting.seconds(view.number(fault, "recovery_s")) if held else "no effect",
                formatting.count(view.number(fault, "disturbed_turns")),
                formatting.count(view.number(fault, "failed_turns")),
                formatting.seconds(view.number(fault, "worst_outage_s")),
                budget_view.budget_spent(fault),
            )
        )
    lines = pen.table(rows, 20)
    if len(faults) > _MAX_FAULTS:
        lines.append(f"… and {len(faults) - _MAX_FAULTS} more in the report")
    return [*lines, ""]


def _latency(result: Result, pen: _Pen, budget: int) -> list[str]:
    phases = view.latency_phases(result)
    if not phases:
        return [f"{pen.style('Latency', 'bold')}  no turn was measured", ""]
    room = max(budget - 2, 1)
    # Drop the recoveries first, and all of them together; the page shows them.
    for kind in ("recovery", "warmup", "fault"):
        if len(phases) > room:
            phases = [row for row in phases if row[0].partition(":")[0] != kind]
    phases = phases[:room]
    titles = [view.PERCENTILE_TITLES.get(name, name) for name in view.PERCENTILES]
    rows = [("Latency", "turns", *titles)]
    for name, row in phases:
        figures = [formatting.seconds(view.number(row, key)) for key in view.PERCENTILES]
        rows.append((view.phase_words(name), formatting.count(view.number(row, "count")), *figures))
    return [*pen.table(rows, 20), ""]


def _lines(result: Result, pen: _Pen) -> list[str]:
    return [
        pen.style(name.ljust(6), "bold") + "  " + pen.cut(text, pen.width - 8)
        for section in SECTIONS
        for name, text in section.screen(result)
    ]
