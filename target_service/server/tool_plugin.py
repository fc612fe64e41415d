"""Keeps an agent's tools from running while a stand-in plays its model.

The stand-in calls tools for thousands of customers who do not exist: a tool that was not allowed by
name must not book, pay or send anything.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools.agent_tool import AgentTool
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.load_artifacts_tool import LoadArtifactsTool
from google.adk.tools.load_memory_tool import LoadMemoryTool
from google.adk.tools.tool_context import ToolContext
from pydantic import TypeAdapter

from target_service.settings import Settings, SettingsError
from target_service.stand_in.replies.allowed import ADK_OWN, AllowedTools
from target_service.stand_in.replies.errors import RepliesError
from target_service.stand_in.replies.tool_answers import ToolAnswers

NAME = "diya_tools"
_READS_THIS_PROCESS = (LoadArtifactsTool, LoadMemoryTool)
"""They read the replica's own services, which are in its memory."""
_TELLING = {"properties", "$ref", "items", "anyOf", "enum", "const", "prefixItems"}
"""Keys of a schema that tells something about its values; that of `dict` has none of them."""


def of(config: Settings) -> list[BasePlugin]:
    """The plugin that the settings ask for; none when every tool runs.  Raises SettingsError."""
    if config.tools is None:
        return []
    try:
        allowed = AllowedTools.parse(config.tools)
        return [] if allowed.everything else [ToolPlugin(allowed, config.tool_answers)]
    except RepliesError as error:
        raise SettingsError(f"DIYA_TOOLS {error}") from None


class ToolPlugin(BasePlugin):
    """Answers each call of a tool that may not run."""

    def __init__(self, allowed: AllowedTools, recording: Path | None = None) -> None:
        """`recording`: the folder whose recorded answers are given first.  Raises RepliesError."""
        super().__init__(name=NAME)
        self._allowed = allowed
        self._answers = ToolAnswers(recording)

    async def before_tool_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext
    ) -> dict[str, Any] | None:
        """None lets the tool run; a table is its answer."""
        if self._runs(tool):
            return None
        return self._answers.answer(tool.name, tool_args, _answer_schema(tool))

    def _runs(self, tool: BaseTool) -> bool:
        if tool.name in ADK_OWN or self._allowed.runs(tool.name):
            return True
        if isinstance(tool, AgentTool):
            # An agent as a tool only asks its model; its own tools pass through here too, unless
            # it was set up without plugins.
            return bool(tool.include_plugins)
        return isinstance(tool, _READS_THIS_PROCESS)


def _answer_schema(tool: BaseTool) -> dict[str, Any] | None:
    """The schema of the tool's answers; None when it declares none."""
    function = getattr(tool, "func", None)
    if callable(function):
        return _returned(function)
    declared = tool._get_declaration()
    schema = getattr(declared, "response_json_schema", None)
    return schema if isinstance(schema, dict) else None


@functools.lru_cache(maxsize=1024)
def _returned(function: Callable[..., Any]) -> dict[str, Any] | None:
    try:
        returned = typing.get_type_hints(function).get("return")
        if returned is None or returned is type(None):
            return None
        schema: dict[str, Any] = TypeAdapter(returned).json_schema()
    except Exception:  # the user's annotations may be anything
        return None
    # `dict` and `Any` tell nothing about the answer.
    return schema if schema.keys() & _TELLING else None
