"""What a CI system reads beside the exit code: the job's summary, and where the run is."""

from __future__ import annotations

import os
from pathlib import Path

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
RESULT_FILE = "DIYA_RESULT_FILE"
"""Names a file that gets the path of the run directory, for whoever started the run."""

_LIMIT = 1024 * 1024
"""GitHub refuses a larger summary of a step, whole."""
_CUT = "\n\n(cut: a step's summary holds 1 MiB; the rest is in summary.md)\n"


def tell(run_dir: Path) -> None:
    """Append summary.md to `$GITHUB_STEP_SUMMARY`, and write the path to `$DIYA_RESULT_FILE`."""
    if summary := os.environ.get(STEP_SUMMARY):
        append_summary(Path(summary), (run_dir / "summary.md").read_text(encoding="utf-8"))
    if where := os.environ.get(RESULT_FILE):
        Path(where).write_text(str(run_dir.absolute()))


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
