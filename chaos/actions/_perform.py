"""How an action does its fault: through the control endpoint of the fleet of `diya up`."""

from __future__ import annotations

import dataclasses
from typing import Any

from chaos import control
from chaos.faults.base import Fault

Configuration = dict[str, Any] | None
"""What Chaos Toolkit hands to every action; the faults' parameters are arguments."""


def perform_now(fault: Fault) -> dict[str, Any]:
    """Do it now; its window as a dict.  Raises ChaosError when it failed or cannot be done."""
    arguments = {f.name: getattr(fault, f.name) for f in dataclasses.fields(fault) if f.init}
    name = fault.kind.replace("-", "_")
    window: dict[str, Any] = control.call("actions", name, arguments)
    return window
