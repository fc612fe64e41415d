"""google-adk 2.13: work that every turn repeats although the turn before has done it.

`python -m tests.calibrate.findings.adk_turn`: ADK's Runner and an agent with 8 function tools, in
this process; a turn is two calls of a scripted model and one of a tool.  The tracer provider is set
as `adk api_server` sets it, without a processor: nothing is exported.
"""

from __future__ import annotations

import asyncio
import importlib.abc
import inspect
import logging
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

from google.adk.agents.context import Context
from google.adk.models.llm_response import LlmResponse
from google.adk.telemetry import tracing
from google.adk.tools.function_tool import FunctionTool
from opentelemetry import trace
from opentelemetry.sdk.trace import Tracer, TracerProvider

from tests.bench.session_services import FLOOR, contenders
from tests.bench.session_stage import Stage

_A2A = "google.adk.agents.remote_a2a_agent"
_SESSION = "finding"

counts: Counter[str] = Counter()


class _Imports(importlib.abc.MetaPathFinder):
    """Counts the attempts to find a module, and finds nothing."""

    def find_spec(self, fullname: str, *_: Any) -> None:
        counts[f"attempts to import {_A2A}"] += fullname == _A2A


def _count(owner: Any, name: str, what: str) -> None:
    original: Callable[..., Any] = getattr(owner, name)

    def counted(*args: Any, **named: Any) -> Any:
        counts[what] += 1
        return original(*args, **named)

    setattr(owner, name, counted)


async def main() -> None:
    """Play 42 turns; show the second and the last."""
    trace.set_tracer_provider(TracerProvider())
    sys.meta_path.insert(0, _Imports())
    _count(inspect, "signature", "calls of inspect.signature")
    _count(Tracer, "start_span", "spans started")
    semconv = "set_operation_details_attributes_from_request"
    _count(tracing, semconv, "requests turned into span attributes")
    _count(FunctionTool, "__init__", "FunctionTools made")
    _count(Context, "__init__", "contexts made")
    for name in ("get_function_calls", "get_function_responses"):
        _count(LlmResponse, name, "looks for calls or responses in an event")
    floor = next(
        each for each in contenders("redis://127.0.0.1:1", "unused.db") if each.name == FLOOR
    )
    stage = Stage([floor])
    await stage.record(floor)
    await floor.service.create_session(app_name="bench", user_id="user", session_id=_SESSION)
    for turn in range(42):
        counts.clear()
        await stage.play(floor, _SESSION, turn)
        if turn in (1, 41):
            print(f"a turn after {turn} turn{'s' if turn > 1 else ''}:")
            for what, number in sorted(counts.items()):
                print(f"  {number:>6} {what}")


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    asyncio.run(main())
