"""From an exception to one sentence and an exit code."""

from __future__ import annotations

import errno
import sys
import traceback

from chaos.errors import ChaosConfigError
from harness.errors import ConfigError, GeneratorError, RecordsError
from loadtests.profiles.profile import ProfileError
from loadtests.simulation.calibration import CalibrationError
from reports.basics.exit_codes import ExitCode
from reports.records.history import HistoryError

_BAD_INPUT = (ConfigError, ChaosConfigError, ProfileError, HistoryError, CalibrationError)
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


def explain(error: Exception) -> int:
    """Print the error to stderr; returns the exit code."""
    if isinstance(error, _BAD_INPUT):
        print(f"diya: {error}", file=sys.stderr)
        return ExitCode.BAD_CONFIGURATION
    if isinstance(error, RecordsError) or (isinstance(error, OSError) and error.errno in _DISK):
        print(f"diya: {_of_the_disk(error)}", file=sys.stderr)
        return ExitCode.BROKEN
    if not isinstance(error, GeneratorError):
        traceback.print_exception(error)
    print(f"diya: the harness broke: {type(error).__name__}: {error}", file=sys.stderr)
    return ExitCode.BROKEN


def _of_the_disk(error: Exception) -> str:
    if not isinstance(error, OSError):
        return str(error)
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror}; the disk must have room for the run"
