"""The user's own agent, served instead of ShopMax's."""

from __future__ import annotations

from pathlib import Path

from target_service.server.adk_server import is_agent, loader
from target_service.settings import SettingsError

_LONGEST = 400


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
        loader(folder.resolve()).load_agent(folder.name)
    except Exception as error:  # the user's module may fail in any way
        told = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST]
        raise SettingsError(f"DIYA_AGENT is {str(folder)!r}: {told}") from None
