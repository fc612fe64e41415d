"""From an exception to one sentence and an exit code."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Iterable

from chaos.errors import ChaosConfigError
from harness import log
from harness.errors import ConfigError, GeneratorError, RecordsError
from loadtests.profiles.profile import ProfileError
from loadtests.simulation.calibration import CalibrationError
from reports.basics.exit_codes import ExitCode
from reports.records.history import HistoryError

_BAD_INPUT = (ConfigError, ChaosConfigError, ProfileError, HistoryError, CalibrationError)
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


def explain(error: Exception, secrets: Iterable[str] = ()) -> int:
    """Print the error to stderr, without secrets; returns the exit code.

    `secrets` are the variables of the environment that options name as secrets.
    """

    def say(text: str) -> None:
        print(log.hidden(text, secrets), file=sys.stderr)

    if isinstance(error, _BAD_INPUT):
        say(f"diya: {error}")
        return ExitCode.BAD_CONFIGURATION
    if isinstance(error, RecordsError) or (isinstance(error, OSError) and error.errno in _DISK):
        say(f"diya: {_of_the_disk(error)}")
        return ExitCode.BROKEN
    if not isinstance(error, GeneratorError):
        say("".join(traceback.format_exception(error)).rstrip())
    say(f"diya: the harness broke: {type(error).__name__}: {error}")
    return ExitCode.BROKEN


def _of_the_disk(error: Exception) -> str:
    if not isinstance(error, OSError):
        return str(error)
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror}; the disk must have room for the run"
