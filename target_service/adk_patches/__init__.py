"""Patches that remove needless work from every ADK turn, one function at a time.

Only the process of a replica is patched, when it starts.  `DIGESTS` identifies the source that the
patches were checked with (google-adk 2.13.0, fastapi 0.165.0, opentelemetry 1.44.0).  A patch is
skipped when a module that it depends on differs, or when the function was already replaced; the log
says so, and the replica is slower and just as correct.  `DIYA_ADK_PATCHES=off` skips all of them.
A comment at each patch says why it is equivalent.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from target_service.adk_patches import callbacks, history, telemetry, tools

log = logging.getLogger("diya.adk")

_ADK = "google.adk."
_FLOWS = _ADK + "flows.llm_flows."
_FLOW = _FLOWS + "base_llm_flow"
_FINALIZER = _FLOWS + "core._finalizer"
_CONTENTS = _FLOWS + "context._contents"
_TOOLS = _FLOWS + "tools."
_INSTRUMENTATION = _ADK + "telemetry._instrumentation"
_BASE_AGENT = _ADK + "agents.base_agent"
_OTEL = (
    "opentelemetry.trace",
    "opentelemetry._logs._internal",
    "opentelemetry.metrics._internal",
)
A2A = _ADK + "agents.remote_a2a_agent"


@dataclass(frozen=True)
class Patch:
    """One replaced function."""

    module: str
    function: str
    """`name` or `Class.name`."""
    make: Callable[[Any], Any]
    """Makes the replacement from the original function."""
    rests_on: tuple[str, ...] = ()
    """Other modules that the patch depends on."""
    also: tuple[str, ...] = ()
    """Modules that imported the function by its name."""

    def __str__(self) -> str:
        return f"{self.module}:{self.function}"


PATCHES = (
    Patch(
        _INSTRUMENTATION, "record_inference_telemetry", telemetry.inference, (*_OTEL, _FINALIZER)
    ),
    Patch(
        _INSTRUMENTATION,
        "record_invocation",
        telemetry.invocation,
        (*_OTEL, _ADK + "workflow._node_runner_utils"),
    ),
    Patch(_INSTRUMENTATION, "record_agent_invocation", telemetry.agent_span, (*_OTEL, _BASE_AGENT)),
    Patch(
        _INSTRUMENTATION,
        "record_tool_execution",
        telemetry.tool_span,
        (*_OTEL, _TOOLS + "_caller"),
    ),
    Patch(_INSTRUMENTATION, "stream_in_scope", telemetry.stream, _OTEL),
    Patch("fastapi.telemetry._asgi", "NativeTelemetry.enabled", telemetry.http, _OTEL),
    Patch(
        _TOOLS + "_agent_tools",
        "process_agent_tools",
        tools.agent_tools,
        (
            _ADK + "agents.llm_agent",
            _ADK + "models.llm_request",
            _ADK + "tools.base_tool",
            _ADK + "tools.function_tool",
            _ADK + "utils._callable_utils",
        ),
    ),
    Patch(_TOOLS + "_toolset_auth", "resolve_toolset_auth", tools.toolset_auth),
    Patch(_BASE_AGENT, "BaseAgent._handle_agent_callbacks", callbacks.agent_callbacks),
    Patch(_FINALIZER, "handle_before_model_callback", callbacks.before_model, also=(_FLOW,)),
    Patch(_FINALIZER, "handle_after_model_callback", callbacks.after_model, also=(_FLOW,)),
    Patch(
        _FLOW,
        "BaseLlmFlow._call_llm_async",
        callbacks.handed_on(_FLOW, "call_llm_async", with_self=True),
    ),
    Patch(
        _FLOW,
        "BaseLlmFlow._run_and_handle_error",
        callbacks.handed_on(_FLOW, "run_and_handle_error"),
    ),
    Patch(
        _FLOW,
        "BaseLlmFlow._postprocess_handle_function_calls_async",
        callbacks.handed_on(_FLOW, "postprocess_handle_function_calls_async"),
    ),
    Patch(
        _ADK + "runners",
        "Runner._run_node_async",
        callbacks.handed_on(_ADK + "workflow._node_runner_utils", "run_node_async", with_self=True),
    ),
    Patch(
        _ADK + "agents.invocation_context",
        "InvocationContext.is_aborted",
        callbacks.aborted,
    ),
    Patch(
        _CONTENTS,
        "_get_contents",
        history.contents,
        (
            _ADK + "events._rewind_events",
            _FLOWS + "context._fencing",
            _TOOLS + "_functions",
            _TOOLS + "_rearranger",
        ),
        also=(_FLOWS + "contents",),
    ),
    Patch(
        _ADK + "auth.auth_credential",
        "_redact_credential_secrets",
        history.redacted,
        (_ADK + "cli.api_server",),
        also=(_ADK + "cli.api_server",),
    ),
)

DIGESTS = {
    "fastapi.telemetry._asgi": "e9207b062712f4c0",
    "google.adk.agents.base_agent": "a7bed0c7f83c644d",
    "google.adk.agents.invocation_context": "e0b30d038984ce6a",
    "google.adk.agents.llm_agent": "c35094376ae09f02",
    "google.adk.auth.auth_credential": "1fdf960244ee89c8",
    "google.adk.cli.api_server": "3208568a2b5aa665",
    "google.adk.events._rewind_events": "625f8aa18f93f9d7",
    "google.adk.flows.llm_flows.base_llm_flow": "6d0e89d9d9e657e7",
    "google.adk.flows.llm_flows.context._contents": "a80586d9d12a98b0",
    "google.adk.flows.llm_flows.context._fencing": "ee1ddccd3c179d34",
    "google.adk.flows.llm_flows.core._finalizer": "2c040489d0812935",
    "google.adk.flows.llm_flows.tools._agent_tools": "8b032b573f881df7",
    "google.adk.flows.llm_flows.tools._caller": "687f3e70bffd4e93",
    "google.adk.flows.llm_flows.tools._functions": "b7b56fae5d60ec6f",
    "google.adk.flows.llm_flows.tools._rearranger": "0c6cb453107d25c6",
    "google.adk.flows.llm_flows.tools._toolset_auth": "95de64843662a1c1",
    "google.adk.models.llm_request": "07759577c869c67b",
    "google.adk.runners": "ecb6feebdc516a82",
    "google.adk.telemetry._instrumentation": "729c4348e4fa5b8c",
    "google.adk.tools.base_tool": "bbe23862595ea173",
    "google.adk.tools.function_tool": "cb1d53a74107fed3",
    "google.adk.utils._callable_utils": "aa3d1b911ee926c8",
    "google.adk.workflow._node_runner_utils": "c224032a24e61bc8",
    "opentelemetry._logs._internal": "7b92e5cfe8472f95",
    "opentelemetry.metrics._internal": "1c8ccb342439e29c",
    "opentelemetry.trace": "ca3d9d8cd1ec49c0",
}
"""Module → the first 16 hex digits of SHA-256 of the source that the patches were checked with."""


def apply() -> list[str]:
    """Patch this process; returns the patches that were applied.

    Call it after the agents are loaded, so that their own replacements are kept.
    """
    in_force = []
    for patch in PATCHES:
        try:
            _put_in(patch)
            in_force.append(str(patch))
        except (ImportError, AttributeError, LookupError, OSError) as error:
            log.warning("a turn costs more: %s was not patched: %s", patch, error)
    if importlib.util.find_spec("a2a") is None:
        # ADK tries to import it in every turn.  Python does not cache a failed import; this does.
        sys.modules.setdefault(A2A, None)  # type: ignore[arg-type]
    return in_force


def digest(module: str) -> str:
    """The first 16 hex digits of SHA-256 of a module's source; OSError when it has none."""
    path = importlib.import_module(module).__file__ or ""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]


def _put_in(patch: Patch) -> None:
    """Raises ImportError, AttributeError, LookupError or OSError when the patch does not fit."""
    rests_on = (patch.module, *patch.rests_on)
    if other := [name for name in rests_on if _digest(name) != DIGESTS[name]]:
        raise LookupError(f"{', '.join(other)} differs from the checked version")
    owner: Any = importlib.import_module(patch.module)
    *holders, name = patch.function.split(".")
    for holder in holders:
        owner = getattr(owner, holder)
    original = owner.__dict__[name]
    found = getattr(original, "fget", original)
    if found.__module__ != patch.module:
        raise LookupError(f"it was already replaced by {found.__module__}")
    made = patch.make(original)
    setattr(owner, name, made)
    for module in patch.also:
        there = importlib.import_module(module)
        if getattr(there, name, None) is original:
            setattr(there, name, made)


_digest = functools.lru_cache(maxsize=None)(digest)
