"""The same agent as the reference service's."""

from __future__ import annotations

from target_service.agents.shopmax.agent import root_agent

__all__ = ["root_agent"]
