"""Replies for agents that nobody wrote a script for: valid by the schemas that the agent declares.

A turn always ends: each tool is called at most once a turn, a message is passed on to another agent
at most once, and each of ADK's own tools that end something is called at most once a run.
"""

from __future__ import annotations

import json
from typing import Any

from target_service.stand_in.call import Call, Tool
from target_service.stand_in.replies import values
from target_service.stand_in.replies.allowed import ADK_OWN, AllowedTools
from target_service.stand_in.replies.errors import Unsatisfiable
from target_service.stand_in.replies.fitting import Team, fit, stems
from target_service.stand_in.replies.turn import TRANSFER, Turn
from target_service.stand_in.replies.words import Words
from target_service.stand_in.reply import Reply, ToolCall

_ENDINGS = ("finish_task", "set_model_response", "exit_loop")
"""ADK's own tools that end a run, in the order in which they are called."""
_QUOTED = 120
_TOLD = 240
"""Characters of the message, and of a tool's answer, that a reply repeats."""


class Automatic:
    """Calls the tool that fits the message best, then tells what it answered."""

    def __init__(self, allowed: AllowedTools) -> None:
        self._allowed = allowed

    def reply(self, call: Call) -> Reply:
        """A call of a tool that fits, of another agent, or a text."""
        turn = Turn(call)
        if call.tool_choice != "none":
            made = self._first_call(turn)
            if made is not None:
                return Reply(calls=(made,))
        return self.ending(turn)

    def ending(self, turn: Turn) -> Reply:
        """The end of an agent's run: no tool of the agent's own is called any more."""
        text = _text(turn)
        if turn.call.tool_choice == "none":
            return Reply(text=text)
        for tool in _endings(turn):
            made = called(tool, turn)
            if made is None:
                continue
            # A loop may end with no other text, and the customer waits for one.
            return Reply(text=text if tool.name == "exit_loop" else "", calls=(made,))
        return Reply(text=text)

    def transfer(self, turn: Turn) -> ToolCall | None:
        """Pass the message on to the agent that it fits best; None where that cannot be."""
        chosen = _target(turn)
        return None if chosen is None else _transfer_to(chosen[0])

    def _first_call(self, turn: Turn) -> ToolCall | None:
        """A call of one of the agent's own tools, or of another agent."""
        already = [name for name in turn.called if name not in ADK_OWN]
        forced = turn.call.tool_choice == "any" and not _endings(turn)
        if already and not forced:
            return None
        message = stems(turn.message)
        tools = [
            (fit(message, f"{tool.name} {tool.description}"), tool)
            for tool in turn.call.tools
            if tool.name not in ADK_OWN
            and tool.name not in turn.called
            and self._allowed.may_call(tool.name)
        ]
        best = max((score for score, _ in tools), default=-1)
        target = None if already else _target(turn)
        words = _words(turn)
        if target is not None and _is_better(target[1], best, turn, words):
            return _transfer_to(target[0])
        fitting = [tool for score, tool in tools if score == best]
        words.rng.shuffle(fitting)
        rest = sorted((each for each in tools if each[0] != best), key=lambda each: -each[0])
        for tool in (*fitting, *(tool for _, tool in rest)):
            made = called(tool, turn)
            if made is not None:
                return made
        return None


def called(tool: Tool, turn: Turn) -> ToolCall | None:
    """A call of the tool with arguments that its schema allows; None when none are found."""
    try:
        return ToolCall(tool.name, values.arguments(tool.schema, _words(turn)))
    except Unsatisfiable:
        return None


def declared(call: Call, name: str) -> Tool | None:
    """The tool `name`, if the agent declared it."""
    return next((tool for tool in call.tools if tool.name == name), None)


def _transfer_to(agent: str) -> ToolCall:
    return ToolCall(TRANSFER, {"agent_name": agent})


def _target(turn: Turn) -> tuple[str, int] | None:
    """The agent that the message fits best, and how well; None: it stays here."""
    tool = declared(turn.call, TRANSFER)
    if tool is None or turn.transferred:
        return None
    team = Team(turn.call)
    schema = (tool.schema.get("properties") or {}).get("agent_name") or {}
    names = [each for each in schema.get("enum") or team.descriptions if each != team.parent]
    message = stems(turn.message)
    scored = [(fit(message, f"{name} {team.descriptions.get(name, '')}"), name) for name in names]
    if not scored:
        return None
    best = max(score for score, _ in scored)
    chosen = _words(turn).rng.choice([name for score, name in scored if score == best])
    return chosen, best


def _is_better(score: int, of_tools: int, turn: Turn, words: Words) -> bool:
    """Whether another agent should have the message rather than one of this agent's tools."""
    team = Team(turn.call)
    if team.parent:
        # The message has come here already, or the conversation was left here.
        return score > max(of_tools, fit(stems(turn.message), team.own))
    if score == of_tools:
        return words.rng.random() < 0.5
    return score > of_tools


def _endings(turn: Turn) -> list[Tool]:
    done = {each.name for each in turn.run if each.kind == "call"}
    names = list(_ENDINGS)
    if "set_model_response" in turn.called:
        names.reverse()  # the answer of this loop was given: now the loop must end
    tools = (declared(turn.call, name) for name in names if name not in done)
    return [tool for tool in tools if tool is not None]


def _words(turn: Turn) -> Words:
    seed = f"{turn.call.agent} {len(turn.call.messages)} {turn.call.steps} {turn.message}"
    return Words(turn.message, seed)


def _text(turn: Turn) -> str:
    """JSON where the agent asks for it, else a text that repeats some of the conversation."""
    if turn.call.schema is not None:
        try:
            return json.dumps(values.value(turn.call.schema, _words(turn)), ensure_ascii=False)
        except Unsatisfiable:
            return "{}"
    about = f"About “{_short(turn.message, _QUOTED)}”"
    messages = turn.call.messages
    if len(messages) > 1:
        about += f", after “{_short(messages[0], _QUOTED // 2)}”"
    told = "I have read your message"
    if turn.results:
        told = f"{turn.results[-1].name} says {_short(_plain(turn.results[-1].value), _TOLD)}"
    return f"{about}: {told}. Is there anything else that you need?"


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(each) for each in value)
    return str(value)


def _short(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
