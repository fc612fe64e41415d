"""Patches that skip telemetry without a recipient.

ADK's server always has a tracer provider, but a span processor only when traces are exported.  ADK
still opens spans, builds their attributes (including the whole request as JSON) and counts metrics
that are never exported.  While there is no processor and no provider of metrics or logs, the
patches open no span.  They check this at every call, because an agent may set up telemetry later.
"""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry._logs import _internal as otel_logs
from opentelemetry.metrics import _internal as otel_metrics

_INSTRUMENTATION = "google.adk.telemetry._instrumentation"


def recorded() -> bool:
    """Whether a span, a metric or a log record would have a recipient."""
    processor = getattr(trace._TRACER_PROVIDER, "_active_span_processor", None)
    return (
        getattr(processor, "_span_processors", None) != ()
        or otel_metrics._METER_PROVIDER is not None
        or otel_logs._LOGGER_PROVIDER is not None
    )


class _Scope:
    """An asynchronous context manager that only returns its value."""

    def __init__(self, held: Any) -> None:
        self._held = held

    async def __aenter__(self) -> Any:
        return self._held

    async def __aexit__(self, *_: object) -> None:
        return None


class _Inference:
    """A model call without telemetry."""

    def record_llm_response(self, invocation_context: Any, response: Any) -> None:
        """Does nothing."""


def inference(original: Any) -> Any:
    def record_inference_telemetry(*args: Any, **named: Any) -> Any:
        return original(*args, **named) if recorded() else _Scope(_Inference())

    return record_inference_telemetry


def invocation(original: Any) -> Any:
    workflow = importlib.import_module("google.adk.workflow._workflow").Workflow

    def record_invocation(entrypoint_node: Any, *args: Any, **named: Any) -> Any:
        # The root of a workflow runs in the scope opened here.
        if recorded() or isinstance(entrypoint_node, workflow):
            return original(entrypoint_node, *args, **named)
        return contextlib.nullcontext((otel_context.get_current(), None))

    return record_invocation


def agent_span(original: Any) -> Any:
    scope = importlib.import_module(_INSTRUMENTATION)._AgentInvocationScope

    def record_agent_invocation(ctx: Any, agent: Any) -> Any:
        if recorded():
            return original(ctx, agent)
        return _Scope(scope(agent_name=agent.name, otel_context=otel_context.get_current()))

    return record_agent_invocation


def tool_span(original: Any) -> Any:
    module = importlib.import_module(_INSTRUMENTATION)

    def record_tool_execution(*args: Any, **named: Any) -> Any:
        if recorded() or module._busy_intervals() is not None:
            return original(*args, **named)
        return _Scope(module.ToolScope())

    return record_tool_execution


def stream(original: Any) -> Any:
    # ADK attaches the context for each event; attaching the current one has no effect.
    def stream_in_scope(context: Any, agen: Any) -> Any:
        if recorded() or context is not otel_context.get_current():
            return original(context, agen)
        return agen

    return stream_in_scope


def http(original: Any) -> Any:
    # FastAPI treats ADK's provider as recording although it has no processor.
    return lambda self: recorded() and original(self)
