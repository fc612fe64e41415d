"""The exit codes of diya's processes."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit code of `diya`, and of the processes that a run starts."""

    GO = 0
    """GO: every gate passed, on evidence, in a sound run.  Also: another command did its work."""
    BROKEN = 70
    """The harness itself broke; the error is on stderr."""
    INCONCLUSIVE = 75
    """INCONCLUSIVE: the run proves nothing.  The first lines of the report say why.  Also: a
    comparison is undecided, where `--undecided fail` asks for it."""
    NO_GO = 99
    """NO-GO: at least one gate failed.  Also: a comparison found the candidate worse."""
    BAD_CONFIGURATION = 104
    """Bad configuration, a service that fails always, or a machine too small for the load.  One
    sentence on stderr says what to change; no load was played."""
    INTERRUPTED = 105
    """Interrupted by Ctrl-C or SIGTERM.  `diya report RUN_DIR` judges what was recorded."""
