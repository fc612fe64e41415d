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
        **_rendered(comparison),
        JUNIT: junit.render(comparison, undecided_fails=undecided_fails),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in rendered.items():
        write_whole(folder / name, text)


def write_beside(run_dir: Path, comparison: Comparison) -> None:
    """Write comparison.json, .html and .md into the directory of a run, which has its own
    junit.xml.  Raises OSError as `write_all` does."""
    for name, text in _rendered(comparison).items():
        write_whole(run_dir / name, text)


def _rendered(comparison: Comparison) -> dict[str, str]:
    return {
        JSON: to_json(comparison),
        SUMMARY: markdown.render(comparison),
        PAGE: page.render(comparison),
    }


def to_json(comparison: Comparison) -> str:
    """The comparison as JSON, valid by `reports/comparison.schema.json`."""
    return msgspec.json.format(msgspec.json.encode(comparison), indent=1).decode() + "\n"
