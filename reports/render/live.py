"""The page of a run that still lasts: the report of its records so far, under a line of figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from reports.render import document, formatting, html
from reports.render.view import Result

_KINDS = {"RUNNING": "running", "NO-GO SO FAR": "fail"}


@dataclass(frozen=True, slots=True)
class Now:
    """The figures of the last seconds; None: not known."""

    phase: str
    t: float | None = None
    """Seconds since the start of the run."""
    left_s: float | None = None
    fault: str | None = None
    """The faults in progress."""
    turns_per_s: float | None = None
    p99_s: float | None = None
    turns: int = 0
    """Since the start."""
    errors: int = 0
    """Turns without an answer since the start."""
    open: int | None = None
    """Conversations under way."""
    judged_at: float | None = None
    """The run time up to which the report below is; None: there is none yet."""
    note: str = ""
    """The last line that diya printed."""


def page(title: str, kind: str, strip: str, parts: Sequence[str], version: str) -> str:
    """The whole page; it asks for `state` again and again, and puts the answers in place."""
    divided = [f'<div class="part">{part}</div>' for part in parts]
    head = f'<div id="live" data-version="{escape(version)}">{strip}</div>'
    styles, scripts = ("report.css", "live.css"), ("report.js", "live.js")
    return document.page(title, kind, [head, *divided], styles, *scripts, asks=True)


def kind(result: Result | None) -> str:
    """The CSS class of the page."""
    if result is None:
        return "running"
    verdict = str(result.get("verdict"))
    return _KINDS.get(verdict) or document.verdict_class(verdict)


def title(result: Result | None, now: Now) -> str:
    """The title of the browser's tab."""
    if result is None:
        return f"diya: {formatting.clean(now.phase)}"
    verdict = formatting.clean(result.get("verdict"))
    at = "" if now.t is None else f" {formatting.clock(now.t)}"
    return f"{verdict}{at}: {formatting.clean(result.get('name') or 'run')}"


def parts(result: Result | None) -> list[str]:
    """The report, part by part; a sentence before the load has begun."""
    if result is None:
        return ['<p class="note">The report begins with the load.</p>']
    return html.parts(result)


def strip(now: Now) -> str:
    """The line of figures at the top."""
    fault = formatting.clean(now.fault or "none")
    shown = [
        ("phase", formatting.clean(now.phase), ""),
        ("time", formatting.MISSING if now.t is None else formatting.clock(now.t), _left(now)),
        ("turns a second", _decimal(now.turns_per_s), "last 5 s"),
        ("p99", formatting.seconds(now.p99_s), "last 5 s"),
        ("turns", formatting.count(now.turns), f"{formatting.count(now.errors)} without an answer"),
        ("conversations", formatting.count(now.open), "under way"),
        ("fault", fault, "in progress" if now.fault else ""),
    ]
    tiles = "".join(
        f'<div class="{"now alarm" if label == "fault" and now.fault else "now"}">'
        f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>"
        f'<dd class="note">{escape(note)}</dd></div>'
        for label, value, note in shown
    )
    judged = "not judged yet"
    if now.judged_at is not None:
        judged = f"the report below is judged up to {formatting.clock(now.judged_at)}"
    told = " · ".join(each for each in (judged, formatting.clean(now.note)) if each)
    return (
        f'<dl class="strip">{tiles}</dl><p class="note told">{escape(told)}</p>'
        '<p class="stale" hidden></p>'
    )


def _left(now: Now) -> str:
    return "" if now.left_s is None else f"{formatting.clock(max(0.0, now.left_s))} left"


def _decimal(value: float | None) -> str:
    return formatting.MISSING if value is None else f"{value:.1f}"
