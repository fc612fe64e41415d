"""Patches that skip unused callbacks and generators that only forward another one.

ADK creates a context for each kind of callback, with its own actions, state and telemetry, and then
reads the callback's results from it.  Without plugins and callbacks that context stays empty.
A generator that only forwards another one costs every event and every piece of a stream one more
resumption, so the patch returns the inner generator.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def _no_plugins(context: Any) -> bool:
    manager = context.plugin_manager
    return type(manager).__module__ == "google.adk.plugins.plugin_manager" and not manager.plugins


def agent_callbacks(original: Any) -> Any:
    async def _handle_agent_callbacks(self: Any, ctx: Any, **named: Any) -> Any:
        if not named["callbacks"] and _no_plugins(ctx):
            return None
        return await original(self, ctx, **named)

    return _handle_agent_callbacks


def before_model(original: Any) -> Any:
    async def handle_before_model_callback(
        invocation_context: Any, llm_request: Any, model_response_event: Any
    ) -> Any:
        callbacks = getattr(invocation_context.agent, "canonical_before_model_callbacks", True)
        if not callbacks and _no_plugins(invocation_context):
            return None
        return await original(invocation_context, llm_request, model_response_event)

    return handle_before_model_callback


def after_model(original: Any) -> Any:
    async def handle_after_model_callback(
        invocation_context: Any, llm_response: Any, model_response_event: Any
    ) -> Any:
        tools = invocation_context.canonical_tools_cache
        if (
            tools is not None
            and not getattr(invocation_context.agent, "canonical_after_model_callbacks", True)
            and _no_plugins(invocation_context)
            and not any(getattr(tool, "propagate_grounding_metadata", False) for tool in tools)
        ):
            return None
        return await original(invocation_context, llm_response, model_response_event)

    return handle_after_model_callback


def handed_on(module: str, function: str, *, with_self: bool = False) -> Callable[[Any], Any]:
    def make(_: Any) -> Any:
        there = importlib.import_module(module)
        if with_self:
            return lambda self, *args, **named: getattr(there, function)(self, *args, **named)
        return lambda self, *args, **named: getattr(there, function)(*args, **named)

    return make


def aborted(_: Any) -> Any:
    # ADK reads this thirty times a turn, each time through pydantic's private-attribute lookup.
    def is_aborted(self: Any) -> Any:
        state = self.__pydantic_private__["_abort_state"]
        return state.aborted or state.signal.is_set()

    return property(is_aborted)
