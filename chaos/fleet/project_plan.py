"""The user's own compose project, as the options name it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ServiceName:
    """One service of a compose file."""

    name: str
    port: int | None = None
    """The port in its containers at which it answers; None: the only one that they have."""


@dataclass(frozen=True, kw_only=True)
class ProjectPlan:
    """The services of a running project that a run uses, and may break."""

    file: Path
    """The compose file that the project was started from."""
    agent: ServiceName
    """Its containers are the replicas."""
    redis: ServiceName | None = None
    """The server of the sessions; None: the project has none, or it must not be seen."""
    balancer: ServiceName | None = None
    """The load goes there; None: to the only container of the agent."""
    name: str | None = None
    """The name of the project; None: the one that was started from the file."""
    password_env: str | None = None
    """The environment variable that holds the password of Redis."""
    health_path: str | None = None
    """Where the agent and the balancer answer 200; None: every answer below 500 will do."""
    authorised: bool = False
    """Whether load may go to a published address that is not loopback."""
