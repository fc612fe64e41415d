"""Files for a CI system: the summary of the job, and the path of the run directory."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
RESULT_FILE = "DIYA_RESULT_FILE"
"""The environment variable that names a file for the path of the run directory."""

_LIMIT = 1024 * 1024
"""GitHub refuses the whole summary of a step when it is larger (bytes)."""
_CUT = "\n\n(cut: a step's summary holds 1 MiB; the rest is in summary.md)\n"


def tell(run_dir: Path) -> None:
    """Write the path to `$DIYA_RESULT_FILE`, and append summary.md to `$GITHUB_STEP_SUMMARY`.

    A file that cannot be written is reported on stderr and does not change the verdict.
    """

    _write(RESULT_FILE, lambda path: path.write_text(str(run_dir.absolute())))
    tell_more(run_dir / "summary.md")


def tell_more(summary: Path) -> None:
    """Append a file of Markdown to `$GITHUB_STEP_SUMMARY`, as `tell` does."""
    _write(STEP_SUMMARY, lambda path: append_summary(path, summary.read_text(encoding="utf-8")))


def _write(variable: str, write: Callable[[Path], object]) -> None:
    """Write the file that the variable names, if it names one."""
    named = os.environ.get(variable)
    if not named:
        return
    try:
        write(Path(named))
    except OSError as error:
        print(f"diya: ${variable} cannot be written: {named}: {error.strerror}", file=sys.stderr)


def append_summary(path: Path, text: str) -> None:
    """Append as many whole lines as fit, and a note where lines are left out."""
    room = _LIMIT - (path.stat().st_size if path.exists() else 0)
    data = text.encode()
    if len(data) > room:
        cut = _CUT.encode()
        whole, _, _ = data[: max(0, room - len(cut))].rpartition(b"\n")
        data = (whole + cut)[: max(0, room)] if room > len(cut) else b""
    with path.open("ab") as file:
        file.write(data)
