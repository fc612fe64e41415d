"""The tools that a stand-in for the model called, and which of them ran for real."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from msgspec import UNSET, Meta, Struct

from reports.records.history import History
from reports.records.model_calls import CALL

_ADK_OWN = ("transfer_to_agent", "exit_loop", "set_model_response", "finish_task")
"""Tools that ADK itself declares, which change only the course of a conversation."""


class ModelTool(Struct, frozen=True, kw_only=True):
    """A tool of the agents that the stand-in called."""

    name: str
    """The name of the tool."""
    calls: Annotated[int, Meta(ge=0)]
    """Its calls, those of the rehearsal too."""
    ran: bool
    """Whether it ran for real; else the replicas answered in its place."""


def called_tools(history: History) -> list[ModelTool]:
    """Each tool of the agents with its calls, those of the rehearsal too, by name."""
    calls = history.calls
    counted: Counter[str] = Counter()
    for call, answer in enumerate(calls.answer):
        if answer == CALL:
            counted.update(calls.tools[calls.names[call]])
    return [
        ModelTool(name=name, calls=number, ran=_ran(history, name))
        for name, number in sorted(counted.items())
        if name not in _ADK_OWN
    ]


def _ran(history: History, name: str) -> bool:
    """Whether the tool ran; else a replica answered in its place."""
    model = history.run.model
    # A stand-in beside a target calls only the tools that may run.
    if model is UNSET or model.url is not None or name in history.calls.agents:
        return True
    allowed = model.settings.get("tools", "dry")
    return allowed == "all" or name in allowed.split(",")
