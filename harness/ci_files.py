"""What a CI system reads beside the exit code: the job's summary, and where the run is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
RESULT_FILE = "DIYA_RESULT_FILE"
"""Names a file that gets the path of the run directory, for whoever started the run."""

_LIMIT = 1024 * 1024
"""GitHub refuses a larger summary of a step, whole."""
_CUT = "\n\n(cut: a step's summary holds 1 MiB; the rest is in summary.md)\n"


def tell(run_dir: Path) -> None:
    """Write the path to `$DIYA_RESULT_FILE`, and append summary.md to `$GITHUB_STEP_SUMMARY`.

    A verdict stands although a file of somebody else's cannot be written: that is said, no more.
    """

    def summarise(path: Path) -> None:
        append_summary(path, (run_dir / "summary.md").read_text(encoding="utf-8"))

    _write(RESULT_FILE, lambda path: path.write_text(str(run_dir.absolute())))
    _write(STEP_SUMMARY, summarise)


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
    """Append what fits; what does not is left out with a word about it, at the end of a line."""
    room = _LIMIT - (path.stat().st_size if path.exists() else 0)
    data = text.encode()
    if len(data) > room:
        cut = _CUT.encode()
        whole, _, _ = data[: max(0, room - len(cut))].rpartition(b"\n")
        data = (whole + cut)[: max(0, room)] if room > len(cut) else b""
    with path.open("ab") as file:
        file.write(data)
