"""Writes the files of a comparison into a folder."""

from __future__ import annotations

from pathlib import Path

import msgspec

from reports.comparison.model import Comparison
from reports.render.comparison import junit, markdown, page
from reports.render.files import write_whole

PAGE = "comparison.html"
JSON = "comparison.json"
SUMMARY = "comparison.md"
JUNIT = "junit.xml"


def write_all(folder: Path, comparison: Comparison, *, undecided_fails: bool = False) -> None:
    """Write comparison.json, .html and .md, and junit.xml, each whole or not at all.

    All are rendered before the first is written.  `undecided_fails` is for junit.xml.  Raises
    OSError when the folder cannot be made or is not writable; files that were there before are then
    left as they were.
    """
    rendered = {
        JSON: to_json(comparison),
        SUMMARY: markdown.render(comparison),
        JUNIT: junit.render(comparison, undecided_fails=undecided_fails),
        PAGE: page.render(comparison),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in rendered.items():
        write_whole(folder / name, text)


def to_json(comparison: Comparison) -> str:
    """The comparison as JSON, valid by `reports/comparison.schema.json`."""
    return msgspec.json.format(msgspec.json.encode(comparison), indent=1).decode() + "\n"
