"""Tells ADK's servers of our session service: `adk web --session_service_uri=diya+redis://…`."""

from target_service.sessions.registration import register

register()
