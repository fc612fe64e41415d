"""Registers our session service with ADK's servers: `--session_service_uri=diya+redis://…`."""

from target_service.sessions.registration import register

register()
