"""Writes every file that is rendered from a result into its run directory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from reports.render import html, junit, summary_md
from reports.render.view import Result

RENDERERS: dict[str, Callable[[Result], str]] = {
    "report.html": html.render,
    "summary.md": summary_md.render,
    "junit.xml": junit.render,
}
"""File → its renderer."""


def write_all(run_dir: Path, result: Result) -> None:
    """Write report.html, summary.md and junit.xml, each whole or not at all.

    All are rendered before the first is written.  Raises OSError when the directory is not
    writable; files that were there before are then left as they were.
    """
    rendered = {name: render(result) for name, render in RENDERERS.items()}
    for name, text in rendered.items():
        write_whole(run_dir / name, text)


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all.  Raises OSError."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        # mkstemp makes private files; a report is as readable as any new file would be.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
