"""The shape of each agent in this folder, and what its model is shown of a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Shape:
    """One agent; a call of the model is known by the name of the agent that makes it."""

    folder: str
    what: str
    """The shape, for the track record."""
    whole: frozenset[str]
    """The agents whose every call shows all messages of the customer."""
    less: frozenset[str] = frozenset()
    """The agents that show less by design; "" is a call without an agent's name."""
    tools: frozenset[str] = frozenset()
    """The tools that are called within three turns."""
    either: frozenset[str] = frozenset()
    """The agents of `whole` that need not speak."""

    @property
    def path(self) -> Path:
        """The folder, as `--agent` takes it."""
        return HERE / self.folder


def _names(*names: str) -> frozenset[str]:
    return frozenset(names)


WHOLE = (
    Shape(
        "shop_gemini",
        "Gemini and a tool",
        _names("shop_gemini"),
        tools=_names("track_order"),
    ),
    Shape(
        "shop_litellm",
        "an OpenAI model through LiteLLM, and a tool",
        _names("shop_litellm"),
        tools=_names("track_order"),
    ),
    Shape(
        "shop_team",
        "a coordinator that transfers to specialists",
        _names("shop_team", "orders", "refunds"),
        tools=_names("transfer_to_agent"),
        either=_names("orders", "refunds"),
    ),
    Shape("shop_sequential", "agents in a sequence", _names("classifier", "answerer")),
    Shape("shop_loop", "a loop", _names("writer", "critic"), tools=_names("exit_loop")),
    Shape(
        "shop_parallel",
        "agents in parallel",
        _names("stock", "price", "seller"),
        tools=_names("look_up_stock", "look_up_price"),
    ),
    Shape(
        "shop_callbacks",
        "callbacks around agent, model and tool",
        _names("shop_callbacks"),
        tools=_names("track_order"),
    ),
    Shape("shop_form", "an answer in a schema", _names("shop_form")),
    Shape(
        "shop_form_tool",
        "an answer in a schema after a tool",
        _names("shop_form_tool"),
        tools=_names("track_order", "set_model_response"),
    ),
    Shape(
        "shop_desk",
        "an agent as the tool of another",
        _names("shop_desk"),
        less=_names("translator"),
        tools=_names("translator"),
    ),
    Shape("shop_static", "a static instruction", _names("shop_static")),
)
"""Agents that show their model the whole conversation."""

LESS = (
    Shape(
        "shop_no_history",
        '`include_contents="none"`: no history, by design',
        _names(),
        less=_names("shop_no_history"),
        tools=_names("track_order"),
    ),
    Shape(
        "shop_compacting",
        "compaction: older turns are summed up, by design",
        _names(),
        less=_names("shop_compacting", ""),
    ),
    Shape(
        "shop_window",
        "the last two turns only, by design",
        _names(),
        less=_names("shop_window"),
    ),
)
"""Agents that drop history by design."""

GUILTY = ("shop_stale_cache", "shop_amnesia")
"""Agents that lose context by a mistake of their own."""
