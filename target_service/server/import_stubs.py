"""Stubs for modules that ADK imports and a replica never uses: a sixth of a start-up's CPU.

Only the process of a replica does this, before it imports ADK.  The session service used as a
library leaves all modules unchanged.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

PREFIXES = {
    "EVAL_SESSION_ID_PREFIX": "adk-eval-session-",
    "_LEGACY_EVAL_SESSION_ID_PREFIX": "___eval___session___",
}
"""The constants that ADK's API server needs of its evaluation, which is as large as the server."""

_EVALUATION = "google.adk.cli.cli_eval"


class _Later(ModuleType):
    """A module with some constants; it imports the real module for any other attribute."""

    def __getattr__(self, name: str) -> Any:
        if name in PREFIXES:
            return PREFIXES[name]
        if name.startswith("__"):  # the import system reads these of every module
            raise AttributeError(name)
        if sys.modules.get(_EVALUATION) is self:
            del sys.modules[_EVALUATION]
        return getattr(importlib.import_module(_EVALUATION), name)


def leave_out() -> None:
    """Install the stubs.  Call it before ADK is imported; later it has no effect."""
    sys.modules.setdefault(_EVALUATION, _Later(_EVALUATION))
    # The command line of httpx imports rich, pygments and click; httpx works without it.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
