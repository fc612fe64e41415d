"""A section of the reports: the answer to one question on page, summary and screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reports.render.view import Result


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts, which a renderer escapes; the first column names the row."""

    head: Sequence[str]
    """Empty: a table without a head."""
    rows: Sequence[Sequence[str]]
    note: str = ""
    """A sentence below it."""
    kind: str = "numbers"
    """The class of the page's style sheet."""
    words: int = 1
    """The number of columns on the left with words; the others hold figures."""


Content = Table | str
"""A table, or a sentence where there is nothing to tabulate; empty: no section."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section, with one function for each report that shows it."""

    title: str
    page: Callable[[Result], Content]
    """For `report.html`."""
    summary: Callable[[Result], Content] = lambda _: ""
    """For `summary.md`; by default the summary is without it."""
    screen: Callable[[Result], Sequence[tuple[str, str]]] = lambda _: ()
    """Lines for the terminal, each a short name and its text; by default none."""
