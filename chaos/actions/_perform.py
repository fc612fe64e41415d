"""How an action does its fault: on the fleet of this process."""

from __future__ import annotations

import random
import time
from typing import Any

from msgspec.structs import asdict

from chaos.errors import ChaosError
from chaos.faults.base import Fault, perform
from chaos.fleet import current
from reports.records import RunClock

Configuration = dict[str, Any] | None
"""What Chaos Toolkit hands to every action; the faults' parameters are arguments."""


def perform_now(fault: Fault) -> dict[str, Any]:
    """Do it now; its window as a dict.  Raises ChaosError when it failed or cannot be done."""
    env = current()
    try:
        fault.check(env)
    except ValueError as error:
        raise ChaosError(str(error)) from error
    window = perform(f"{fault.kind}-1", fault, env, RunClock(time.time()), random.Random())
    if window.error:
        raise ChaosError(window.error)
    return asdict(window)
