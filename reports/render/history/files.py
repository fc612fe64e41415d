"""Writes `history.json` and `history.html`."""

from __future__ import annotations

from pathlib import Path

import msgspec

from reports.history.model import RunHistory
from reports.render.files import write_whole
from reports.render.history import page

FILE = "history.json"
PAGE = "history.html"


def to_json(history: RunHistory) -> str:
    """The history as JSON, indented; it ends with a newline."""
    return msgspec.json.format(msgspec.json.encode(history), indent=1).decode() + "\n"


def write_all(folder: Path, history: RunHistory) -> None:
    """Write both files, each whole or not at all.  Raises OSError."""
    rendered = {FILE: to_json(history), PAGE: page.render(history)}
    for name, text in rendered.items():
        write_whole(folder / name, text)
