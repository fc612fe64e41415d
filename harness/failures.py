"""From an exception to one sentence and an exit code."""

from __future__ import annotations

import sys
import traceback

from chaos.errors import ChaosConfigError
from harness import exits
from harness.errors import ConfigError, GeneratorError
from loadtests.profile import ProfileError
from reports.history import HistoryError


def explain(error: Exception) -> int:
    """Print what went wrong to stderr; returns the exit code."""
    if isinstance(error, ConfigError | ChaosConfigError | ProfileError | HistoryError):
        print(f"diya: {error}", file=sys.stderr)
        return exits.BAD_CONFIGURATION
    if not isinstance(error, GeneratorError):
        traceback.print_exception(error)
    print(f"diya: the harness broke: {type(error).__name__}: {error}", file=sys.stderr)
    return exits.BROKEN
