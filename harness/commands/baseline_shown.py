"""`diya readiness --baseline`: the run beside earlier ones, after its verdict.

The verdict says whether this system is ready; the comparison says whether it changed.  Neither
changes the other, and the exit code is the verdict's.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from harness import ci_files
from harness.run.directory.stored_results import RESULT, Found, of_the_load
from reports.comparison.compare import compare
from reports.comparison.sides import of_results
from reports.records.history import HistoryError
from reports.render.comparison import files, terminal


def show(
    run_dir: Path,
    paths: Sequence[str],
    found: Sequence[Found],
    *,
    same_machine: bool = False,
    quiet: bool = False,
) -> None:
    """Print the comparison with the baseline, and write it into the run directory.

    `paths` are the baseline as the user names it, `found` its runs.  Raises HistoryError when the
    files cannot be written.
    """
    result = json.loads((run_dir / RESULT).read_bytes())
    before = [each for _, each in of_the_load(found, result)]
    named = " ".join(paths)
    if not before:
        print(
            f"diya: --baseline {named}: no statement: none of its {len(found)} runs has this "
            "profile and these faults",
            file=sys.stderr,
        )
        return
    sides = (of_results(before, named), of_results([result], str(run_dir)))
    comparison = compare(*sides, same_machine=same_machine)
    try:
        files.write_beside(run_dir, comparison)
    except OSError as error:
        where = error.filename or run_dir
        raise HistoryError(f"{where}: the comparison cannot be written: {error.strerror}") from None
    ci_files.tell_more(run_dir / files.SUMMARY)
    if quiet:
        print(terminal.word_line(comparison, str(run_dir)))
        return
    page = str(run_dir / files.PAGE)
    print(terminal.render(comparison, sys.stdout.isatty(), page), end="")
