"""The user's own agent, served instead of ShopMax's."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

from target_service.server.adk_server import is_agent, loader
from target_service.settings import SettingsError

_LONGEST = 400
_LITE_LLM = "google.adk.models.lite_llm"


def load(folder: Path) -> None:
    """Import the agent as ADK's server will, so that it fails now and not at the first message.

    Raises SettingsError with the reason.
    """
    if not is_agent(folder):
        raise SettingsError(
            "DIYA_AGENT must be a folder with root_agent in __init__.py, agent.py or "
            f"root_agent.yaml, got {str(folder)!r}"
        )
    try:
        loaded = loader(folder.resolve()).load_agent(folder.name)
    except Exception as error:  # the user's module may fail in any way
        told = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST]
        raise SettingsError(f"DIYA_AGENT is {str(folder)!r}: {told}") from None
    _import_models(getattr(loaded, "root_agent", loaded))


def _import_models(root: Any) -> None:
    """Import now what the agents' models import in the first turn: LiteLLM alone takes seconds."""
    waiting = [root]
    while waiting:
        agent = waiting.pop()
        waiting += getattr(agent, "sub_agents", None) or []
        # A model that cannot be had fails in its own turn, with its own words.
        with contextlib.suppress(Exception):
            _ = agent.canonical_model
    lite_llm = sys.modules.get(_LITE_LLM)
    if lite_llm is not None:
        lite_llm._ensure_litellm_imported()
