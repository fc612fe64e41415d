"""The injected faults: whether each took hold, and how long customers felt it."""

from __future__ import annotations

from reports.render import budget_view, declared_view, formatting, view
from reports.render.sections.section import Content, Section, Table
from reports.render.view import Result

_NONE = "No fault was injected."


def _page(result: Result) -> Content:
    """The injected faults: whether each took hold, and how long customers felt it."""
    rows: list[tuple[str, ...]] = []
    for number, fault in enumerate(view.faults_of(result), 1):
        recovery = formatting.seconds(view.number(fault, "recovery_s"))
        rows.append(
            (
                f"{number} {formatting.clean(fault.get('id'))}",
                formatting.clean(fault.get("target")),
                formatting.clock(view.number(fault, "start")),
                declared_view.took_hold(fault, "✗ no"),
                declared_view.down(fault),
                formatting.seconds(view.number(fault, "first_ok_s")),
                recovery if fault.get("recovered_at") is not None else f"{recovery} (target lost)",
                formatting.count(view.number(fault, "disturbed_turns")),
                formatting.count(view.number(fault, "failed_turns")),
                formatting.seconds(view.number(fault, "worst_outage_s")),
                formatting.count(view.number(fault, "sent_to_dead")),
                budget_view.budget_spent(fault),
                formatting.clean(fault.get("error") or ""),
            )
        )
    if not rows:
        return _NONE
    head = [
        "Fault", "target", "at", "took hold", "until healed", "first answer after",
        "customers undisturbed after", "turns disturbed", "turns failed", "longest outage",
        "sent to a dead replica", "error budget spent",
    ]  # fmt: skip
    if any(row[-1] for row in rows):
        head.append("error")
    else:
        rows = [row[:-1] for row in rows]
    return Table(head, rows, _note(result), "numbers faults")


def _summary(result: Result) -> Content:
    """The same in fewer columns."""
    rows = [
        (
            str(number),
            fault.get("id") or "",
            formatting.clock(view.number(fault, "start")),
            declared_view.took_hold(fault, "no"),
            declared_view.down(fault),
            formatting.seconds(view.number(fault, "recovery_s")),
            formatting.seconds(view.number(fault, "worst_outage_s")),
            formatting.count(view.number(fault, "sent_to_dead")),
            budget_view.budget_spent(fault),
        )
        for number, fault in enumerate(view.faults_of(result), 1)
    ]
    head = ["", "fault", "at", "took hold", "down", "recovered after", "longest outage"]
    head += ["sent to a dead replica", "error budget spent"]
    return Table(head, rows, _note(result), words=2) if rows else _NONE


def _note(result: Result) -> str:
    return " ".join(filter(None, (budget_view.budget_note(result), declared_view.note(result))))


SECTION = Section("Faults", _page, _summary, declared_view.screen)
