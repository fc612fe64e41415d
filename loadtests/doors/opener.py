"""Opens the door of a run: the one place that knows all of them."""

from __future__ import annotations

from collections.abc import Callable

from loadtests.adk.attempt import Door, Observer
from loadtests.adk.client import Client
from loadtests.adk.service import Service
from loadtests.doors import discreet, names
from loadtests.doors.a2a import A2A, Learned
from loadtests.doors.agent_engine import AgentEngine
from reports.records import RunClock

Opener = Callable[[Observer], Door]
"""Makes the door for one observer."""


def opener(name: str, target: str, client: Client, app: str, clock: RunClock) -> Opener:
    """The way to doors of this name (`names.DOORS`) at the address `target`; sends nothing."""
    learned = Learned()

    def make(observe: Observer) -> Door:
        if name == names.A2A:
            return A2A(client, clock, observe, target, learned)
        if name == names.AGENT_ENGINE:
            return AgentEngine(client, app, clock, observe, target)
        return Service(client, app, clock, observe)

    return discreet.opener(client.access, make)
