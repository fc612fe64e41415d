"""What is hurt already can be hurt by no fault: nobody could tell what each of them did."""

from __future__ import annotations

from collections.abc import Callable

from chaos.errors import ChaosError
from chaos.fleet.environment import Node
from chaos.fleet.waiting import wait_for

_TIMEOUT_S = 5.0
"""A busy one may take so long to say that it is well."""


def require(kind: str, node: Node, says: Callable[[], bool], what: str) -> None:
    """Raise ChaosError unless it runs, is not frozen and `says` that it is well.

    `what` it is then expected to do or be: "to answer".
    """
    if not node.running:
        raise ChaosError(f"{node.name} does not run: {kind} cannot be done to it")
    if node.frozen:
        raise ChaosError(f"{node.name} is frozen already: {kind} cannot be done to it")
    wait_for(says, _TIMEOUT_S, f"{node.name} {what} before {kind}")
