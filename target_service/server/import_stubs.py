"""What a start would import and a replica never uses is left out: a sixth of a start's CPU.

Only the process of a replica does this, before it imports ADK; whoever uses the session service as
a library gets everything as it is.
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
"""All that ADK's API server wants of its evaluation, which is as large as the server."""

_EVALUATION = "google.adk.cli.cli_eval"


class _Later(ModuleType):
    """A module that knows some constants, and imports the real one for anything else."""

    def __getattr__(self, name: str) -> Any:
        if name in PREFIXES:
            return PREFIXES[name]
        if name.startswith("__"):  # what the import system itself asks of any module
            raise AttributeError(name)
        if sys.modules.get(_EVALUATION) is self:
            del sys.modules[_EVALUATION]
        return getattr(importlib.import_module(_EVALUATION), name)


def leave_out() -> None:
    """To be called before anything imports ADK; later it changes nothing."""
    sys.modules.setdefault(_EVALUATION, _Later(_EVALUATION))
    # The command line of httpx, with rich, pygments and click; httpx does without where it is not.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
