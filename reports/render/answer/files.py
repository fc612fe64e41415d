"""Writes the files of an answer sheet into the directory of its capacity run."""

from __future__ import annotations

from pathlib import Path

from reports.capacity import answer
from reports.capacity.answer import AnswerSheet
from reports.render.answer import markdown, page
from reports.render.files import write_whole

PAGE = "report.html"
SUMMARY = "answer.md"


def write_all(run_dir: Path, sheet: AnswerSheet) -> None:
    """Write answer.json, answer.md and report.html, each whole or not at all.

    All are rendered before the first is written.  Raises OSError when the directory is not
    writable; files that were there before are then left as they were.
    """
    rendered = {
        answer.FILE: answer.to_json(sheet),
        SUMMARY: markdown.render(sheet),
        PAGE: page.render(sheet),
    }
    for name, text in rendered.items():
        write_whole(run_dir / name, text)
