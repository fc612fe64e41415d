"""A compose project of the user's own: its options, checked before anything is started."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chaos.faults.drawing import FleetCapabilities
from chaos.fleet.environment import PROJECT_CAPABILITIES
from chaos.fleet.project_plan import ProjectPlan, ServiceName
from diya_options import flag
from harness import parser
from harness.errors import ConfigError
from reports.basics.suggestions import nearest

_ENV = "compose"
_ROLES = ("agent", "balancer", "redis")
_REFUSED = (
    *("replicas", "redis", "topology", "aof", "rdb", "min_replicas", "sessions", "proxy", "agent"),
    *("model", "latency", "tools", "quota", "recorded", "port", "image", "redis_image"),
    *("envoy_image", "pass_env", "checkout", "target", "model_url", "master", "join", "replay"),
)
"""Options that say how a fleet of diya's is built, or that a project has no use for."""
_NEED_A_FILE = ("service", "project_name", "redis_password_env")


def project(args: argparse.Namespace) -> ProjectPlan | None:
    """The project that the options name; None: they name none.

    Docker is not asked.  Raises ConfigError.
    """
    if args.compose_file is None:
        for name in _NEED_A_FILE:
            if getattr(args, name) is not None:
                raise ConfigError(f"{flag(name)}: must come with --compose-file")
        return None
    if args.env != _ENV:
        raise ConfigError(f"--compose-file {args.compose_file}: must come with --env {_ENV}")
    file = Path(args.compose_file)
    if not file.is_file():
        found = "a folder" if file.is_dir() else "none"
        raise ConfigError(f"--compose-file {file}: must be a file, got {found}")
    _check_none_refused(args)
    services = _services(args.service or ())
    if "agent" not in services:
        raise ConfigError(
            "--compose-file: must come with --service agent=NAME, the service whose containers "
            "are the replicas"
        )
    return ProjectPlan(
        file=file,
        name=args.project_name or os.environ.get("COMPOSE_PROJECT_NAME") or None,
        agent=services["agent"],
        redis=services.get("redis"),
        balancer=services.get("balancer"),
        password_env=_password_env(args.redis_password_env, services),
        health_path=args.health_path,
        authorised=args.authorised,
    )


def _check_none_refused(args: argparse.Namespace) -> None:
    if refused := parser.given(args, _REFUSED, parser.readiness_options()):
        raise ConfigError(
            f"{flag(refused[0])}: must not be given with --compose-file; the project is used as it "
            "runs"
        )


def _services(given: list[str] | tuple[()]) -> dict[str, ServiceName]:
    found: dict[str, ServiceName] = {}
    for word in given:
        parts = re.fullmatch(r"([^=]+)=([A-Za-z0-9._-]+)(?::(\d{1,5}))?", word)
        port = None if parts is None or parts[3] is None else int(parts[3])
        if parts is None or (port is not None and not 1 <= port <= 65535):
            raise ConfigError(
                f"--service {word}: must be ROLE=NAME or ROLE=NAME:PORT, PORT from 1 to 65535"
            )
        role = parts[1]
        if role not in _ROLES:
            raise ConfigError(
                f"--service {word}: the role must be agent, balancer or redis, got {role}"
                f"{nearest(role, _ROLES)}"
            )
        if role in found:
            raise ConfigError(f"--service {word}: must be given once for the role {role}")
        found[role] = ServiceName(parts[2], port)
    return found


def _password_env(name: str | None, services: Mapping[str, Any]) -> str | None:
    if name is None:
        return None
    if "redis" not in services:
        raise ConfigError(f"--redis-password-env {name}: must come with --service redis=NAME")
    if not os.environ.get(name):
        raise ConfigError(
            f"--redis-password-env {name}: the environment has no such variable, or it is empty; "
            "it must hold the password of Redis"
        )
    return name


def capabilities(args: argparse.Namespace, longest_s: float) -> FleetCapabilities:
    """The capabilities of the project, for drawing a random experiment.

    Asks Docker for the number of its replicas.  Raises ConfigError, or ChaosConfigError.
    """
    plan = project(args)
    assert plan is not None
    from chaos.containers import engine
    from chaos.containers.project import finding

    client = engine.connect()
    try:
        replicas = len(finding.find(client, plan).agent)
    finally:
        client.close()
    return FleetCapabilities(
        PROJECT_CAPABILITIES | {"load"},
        replicas,
        own_redis=plan.redis is not None,
        longest_s=longest_s,
    )
