"""The faults as plain functions, as Chaos Toolkit calls actions; made from the catalogue.

An experiment names them: `module: chaos.actions`, `func: kill_replica`.  Our own schedule reads
the same names and makes the same faults, at its own times.  Each function takes the parameters of
its fault, lets the fleet of `diya up` do it now, and returns its window as a dict.  It raises
ValueError for a parameter that cannot be, ChaosError when the fault failed or cannot be done.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chaos.experiment import control
from chaos.faults.base import Fault, parameters
from chaos.faults.catalogue import FAULTS

Action = Callable[..., dict[str, Any]]

_CONFIGURATION = inspect.Parameter(
    "configuration",
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    default=None,
    annotation="dict[str, Any] | None",
)
"""The parameters that Chaos Toolkit hands to every action; a fault's own are arguments."""


def _action(name: str, kind: type[Fault]) -> Action:
    of_the_fault = inspect.signature(kind).parameters.values()
    signature = inspect.Signature(
        [*of_the_fault, _CONFIGURATION], return_annotation="dict[str, Any]"
    )

    def action(*args: Any, **named: Any) -> dict[str, Any]:
        given = signature.bind(*args, **named).arguments
        given.pop("configuration", None)
        fault = kind(**given)
        arguments = {each: getattr(fault, each) for each in parameters(kind)}
        window: dict[str, Any] = control.call("actions", name, arguments)
        return window

    action.__name__ = action.__qualname__ = name
    action.__doc__ = kind.__doc__
    action.__signature__ = signature  # type: ignore[attr-defined]
    return action


globals().update({name: _action(name, kind) for name, kind in FAULTS.items()})

if TYPE_CHECKING:

    def __getattr__(name: str) -> Action: ...


__all__ = [*FAULTS]
