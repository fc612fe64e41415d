"""The claims as lines of a terminal and as a table in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.validate.compare.claims import Line

BEGIN, END = "<!-- comparisons: begin -->\n", "<!-- comparisons: end -->\n"
_MARKS = {True: "✓", False: "✗", None: "·"}


def text(line: Line) -> str:
    """One line of the terminal."""
    of = f" [{line.pairs} pairs]" if line.pairs else ""
    limit = f" (limit {line.limit})" if line.limit else ""
    remark = f"; {line.remark}" if line.remark else ""
    return f"{_MARKS[line.kept]} {line.what}{of}{_share(line)}{limit}{remark}"


def markdown(lines: Sequence[Line]) -> str:
    """The table."""
    rows = [
        "| claim | pairs | share of comparisons | limit | kept |",
        "|---|---|---|---|---|",
    ]
    for line in lines:
        what = line.what + (f" ({line.remark})" if line.remark else "")
        share = _share(line).removeprefix(": ")
        rows.append(
            f"| {what} | {line.pairs or ''} | {share} | {line.limit} | {_MARKS[line.kept]} |"
        )
    return "\n".join(rows) + "\n"


def update(page: Path, lines: Sequence[Line]) -> None:
    """Replace the table of the page.  Raises ValueError when the page has no place for it."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page}: must hold {BEGIN.strip()} and {END.strip()}")
    page.write_text(before + begin + markdown(lines) + end + after)


def _share(line: Line) -> str:
    share = line.share
    if share is None:
        return ""
    low, high = share.by_pairs or share.by_blocks
    basis = "pairs" if share.by_pairs else f"{share.blocks} disjoint"
    return f": {share.value:.2%} of {share.comparisons:,} ({low:.1%} to {high:.1%} by {basis})"
