"""The lines that processes of undoings print: standard output is the log of the run's guardian."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from chaos.errors import ChaosError


def print_line(text: str) -> None:
    """Print one line, with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def attempt(
    call: Mapping[str, Any], do: Callable[[], None], *, name: str = "undo", success: str
) -> bool:
    """Do one call and print the outcome; whether it raised no ChaosError.

    `call` has its `target` and the command `by_hand`; `name` is `undo` or `rollback`; `success` is
    what was done to the target.
    """
    try:
        do()
    except ChaosError as error:
        print_line(
            f"{call['target']}: the {name} failed: {error}; heal it by hand: {call['by_hand']}"
        )
        return False
    print_line(f"{call['target']}: {success} by the guardian")
    return True
