"""Checks that a target is healthy first, or the effect of a fault cannot be attributed."""

from __future__ import annotations

from collections.abc import Callable

from chaos.errors import ChaosError
from chaos.fleet.environment import Node
from chaos.fleet.waiting import wait_for

_TIMEOUT_S = 5.0
"""A busy node may take so long to say that it is healthy."""


def check(kind: str, node: Node, is_healthy: Callable[[], bool], what: str) -> None:
    """Raise ChaosError unless the node runs, is not frozen, and `is_healthy` within 5 s.

    `what` completes the error after its name, such as "to answer".
    """
    if not node.running:
        raise ChaosError(f"{node.name} does not run: {kind} cannot be done to it")
    if node.frozen:
        raise ChaosError(f"{node.name} is frozen already: {kind} cannot be done to it")
    wait_for(is_healthy, _TIMEOUT_S, f"{node.name} {what} before {kind}")
