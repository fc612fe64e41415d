"""Patches that cache the tools made from plain functions.

For every model call ADK wraps each function again, in its own task and with an unused context,
inspects its signature and docstring, and copies its declaration with `deepcopy`.  Here the result
is cached by function (weakly) as long as everything inspected is unchanged.  Each call still gets
its own tools and declarations, which it may change.  If any tool is of another kind, ADK does all
of the work itself.
"""

from __future__ import annotations

import copy
import importlib
import types
import weakref
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pydantic import BaseModel

from target_service.adk_patches.history import shallow

_ADK = "google.adk."


@dataclass(frozen=True)
class _Seen:
    """The inspection of a function, and the attributes that it depends on."""

    attributes: dict[str, Any]
    facts: tuple[Any, ...]
    declarations: dict[tuple[Any, bool], Any]
    by_keyword: bool
    """Whether the function accepts all its arguments by keyword, as ADK passes them."""


def _facts(func: Any) -> tuple[Any, ...]:
    return (
        func.__name__,
        func.__qualname__,
        func.__doc__,
        func.__code__,
        func.__defaults__,
        func.__kwdefaults__ and func.__kwdefaults__.copy(),
        func.__annotations__.copy(),
        func.__dict__.copy(),
    )


def _deep(value: Any) -> Any:
    """A faster equivalent of `copy.deepcopy` for a declaration."""
    kind = type(value)
    if value is None or kind in (str, bool, int, float) or isinstance(value, Enum):
        return value
    if kind is dict:
        return {key: _deep(each) for key, each in value.items()}
    if kind is list:
        return [_deep(each) for each in value]
    if isinstance(value, BaseModel) and value.__pydantic_private__ is None:
        made = shallow(value)
        made.__dict__.update({name: _deep(each) for name, each in made.__dict__.items()})
        return made
    return copy.deepcopy(value)


def agent_tools(original: Any) -> Any:
    module = importlib.import_module(_ADK + "flows.llm_flows.tools._agent_tools")
    function_tool = importlib.import_module(_ADK + "tools.function_tool")
    variants = importlib.import_module(_ADK + "utils.variant_utils")
    requests = importlib.import_module(_ADK + "models.llm_request")
    genai = importlib.import_module("google.genai.types")
    cls = function_tool.FunctionTool
    json_schema = function_tool.FeatureName.JSON_SCHEMA_FOR_FUNC_DECL
    untouched = (cls.__init__, cls._get_declaration, cls.process_llm_request)
    seen: weakref.WeakKeyDictionary[Any, _Seen] = weakref.WeakKeyDictionary()

    def look(func: Any) -> _Seen:
        known, facts = seen.get(func), _facts(func)
        if known is None or known.facts != facts:
            # Do not keep a reference to the function: it is the weak key.
            tool = cls(func=func)
            by_keyword = tool._get_compatible_func() is func
            known = seen[func] = _Seen(_forgetting(tool), facts, {}, by_keyword)
        return known

    def tool_of(known: _Seen, func: Any) -> Any:
        tool = cls.__new__(cls)
        tool.__dict__.update(known.attributes)
        tool._ignore_params = tool._ignore_params.copy()
        tool._spec = copy.copy(tool._spec)
        tool.func = tool._spec.func = tool._spec.unwrapped_func = func
        for name in ("_type_adapter_cache", "_declaration_cache"):
            tool.__dict__[name] = {}
        tool._compatible_func_cache = (func, func) if known.by_keyword else None
        return tool

    def declaration_of(known: _Seen, tool: Any, variant: Any, as_json: bool) -> Any:
        made = known.declarations.get((variant, as_json))
        if made is None:
            made = known.declarations[variant, as_json] = tool._get_declaration()
        return _deep(made)

    async def process_agent_tools(invocation_context: Any, llm_request: Any) -> None:
        functions = getattr(invocation_context.agent, "tools", None)
        if (
            not functions
            or not all(type(each) is types.FunctionType for each in functions)
            or any(hasattr(each, "__wrapped__") for each in functions)
            or untouched != (cls.__init__, cls._get_declaration, cls.process_llm_request)
        ):
            return await original(invocation_context, llm_request)  # type: ignore[no-any-return]
        known = [look(each) for each in functions]
        tools = [tool_of(each, func) for each, func in zip(known, functions, strict=True)]
        names = {each.name for each in tools}
        if len(names) < len(tools) or not names.isdisjoint(llm_request.tools_dict):
            return await original(invocation_context, llm_request)  # type: ignore[no-any-return]
        variant = variants.get_google_llm_variant()
        as_json = function_tool.is_feature_enabled(json_schema)
        declarations = [
            declaration_of(each, tool, variant, as_json)
            for each, tool in zip(known, tools, strict=True)
        ]
        llm_request.tools_dict.update((tool.name, tool) for tool in tools)
        if llm_request.config.tools is None:
            llm_request.config.tools = []
        if holder := requests._find_tool_with_function_declarations(llm_request):
            holder.function_declarations = [*(holder.function_declarations or ()), *declarations]
        else:
            llm_request.config.tools.append(genai.Tool(function_declarations=declarations))
        if invocation_context.live_request_queue is not None:
            module.mark_live_async_tools_non_blocking(llm_request)
        invocation_context.canonical_tools_cache = tools

    return process_agent_tools


def _forgetting(tool: Any) -> dict[str, Any]:
    """A tool's attributes without the function, which `tool_of` adds again."""
    spec = copy.copy(tool._spec)
    spec.func = spec.unwrapped_func = None
    return {**tool.__dict__, "func": None, "_spec": spec}


def toolset_auth(original: Any) -> Any:
    # ADK creates a context for the toolsets' credentials even when there is no toolset.
    toolset = importlib.import_module(_ADK + "tools.base_toolset").BaseToolset

    def resolve_toolset_auth(invocation_context: Any, agent: Any) -> Any:
        if any(isinstance(each, toolset) for each in agent.tools):
            return original(invocation_context, agent)
        return _no_events()

    return resolve_toolset_auth


async def _no_events() -> AsyncGenerator[Any, None]:
    return
    yield
