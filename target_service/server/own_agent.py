"""An agent of the user's own, served in the place of ShopMax's."""

from __future__ import annotations

from pathlib import Path

from target_service.server.adk_server import is_agent, loader
from target_service.settings import SettingsError

_LONGEST = 400


def load(folder: Path) -> None:
    """Import the agent as ADK's server will.

    Raises SettingsError with what is wrong with it: now, and not at the first customer's message.
    """
    if not is_agent(folder):
        raise SettingsError(
            f"DIYA_AGENT is {str(folder)!r}; a folder with root_agent in __init__.py, agent.py or "
            "root_agent.yaml was expected"
        )
    try:
        loader(folder.resolve()).load_agent(folder.name)
    except Exception as error:  # the user's module may fail in any way
        told = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST]
        raise SettingsError(f"DIYA_AGENT is {str(folder)!r}: {told}") from None
