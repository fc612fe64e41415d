"""The few forms of Markdown that the reference pages are made of."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

_BAR = "&#124;"
"""A bar that ends no cell."""
GENERATED = "<!-- Generated from the code by `make docs`. Change the code, not this page. -->\n\n"


def page(title: str, *parts: str) -> str:
    """A whole page: the notice, the title, and the parts with an empty line between them."""
    return GENERATED + "\n\n".join([f"# {title}", *(part.strip("\n") for part in parts)]) + "\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of one line for each row."""
    lines = [header, ["---"] * len(header), *([cell(each) for each in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    """Text that can stand in a table."""
    return " ".join(text.split()).replace("|", _BAR)


def code(text: object) -> str:
    """Text in the type of code; nothing for an empty text."""
    written = str(text)
    if "|" in written:
        # In tables GitHub and MkDocs read a bar between backticks differently.
        return f"<code>{html.escape(written).replace('|', _BAR)}</code>"
    return f"`{written}`" if written else ""


def sentence(text: str) -> str:
    """The text beginning with a capital, so that it can stand beside other sentences."""
    return text[:1].upper() + text[1:]
