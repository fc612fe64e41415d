"""How an action does its fault: on the fleet of this process, or through a fleet's control."""

from __future__ import annotations

import dataclasses
import random
import time
from typing import Any

from msgspec.structs import asdict

from chaos import control
from chaos.errors import ChaosConfigError, ChaosError
from chaos.faults.base import Fault, perform
from chaos.fleet import current, has_current
from reports.records import RunClock

Configuration = dict[str, Any] | None
"""What Chaos Toolkit hands to every action; the faults' parameters are arguments."""


def perform_now(fault: Fault) -> dict[str, Any]:
    """Do it now; its window as a dict.  Raises ChaosError when it failed or cannot be done."""
    if not has_current():
        return _elsewhere(fault)
    env = current()
    try:
        fault.check(env)
    except ValueError as error:
        raise ChaosConfigError(str(error)) from error
    window = perform(f"{fault.kind}-1", fault, env, RunClock(time.time()), random.Random())
    if window.error:
        raise ChaosError(window.error)
    return asdict(window)


def _elsewhere(fault: Fault) -> dict[str, Any]:
    """Let the fleet that `diya up` has started on this machine do it."""
    from chaos.actions import FAULTS

    func = next(name for name, kind in FAULTS.items() if kind is type(fault))
    arguments = {f.name: getattr(fault, f.name) for f in dataclasses.fields(fault) if f.init}
    window: dict[str, Any] = control.call("actions", func, arguments)
    return window
