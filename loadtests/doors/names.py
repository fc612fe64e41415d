"""The names of the doors.  Pure, because every command line imports it."""

from __future__ import annotations

from typing import Final

ADK: Final = "adk"
AGENT_ENGINE: Final = "agent-engine"
A2A: Final = "a2a"
DOORS: Final = (ADK, AGENT_ENGINE, A2A)
