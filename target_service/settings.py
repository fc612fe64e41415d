"""Settings of one replica, read from the environment so that no secret is on a command line."""

from __future__ import annotations

import math
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class SettingsError(ValueError):
    """A setting that cannot be used; the message is one sentence for a person."""


@dataclass(frozen=True)
class Settings:
    """How this replica runs."""

    replica: str
    """The replica's name, sent with every response as `x-diya-replica`; the host's by default."""
    redis_url: str = field(repr=False)
    sessions: str
    """`redis`, `adk-redis`, `memory`, or `module:factory` with (uri, ttl_seconds)."""
    ttl_seconds: float
    durability: str
    """How durable a turn is before it is acknowledged: `memory`, `aof`, `fsync`, `replicated:N`."""
    model: str
    """`scripted`, or the name of a real model that ADK knows."""
    model_ttft_ms: float
    """Scripted model: median time to the first token, lognormal with sigma 0.3."""
    model_tokens_per_s: float
    model_faults_file: str | None
    """Scripted model: the file that makes it slow or failing, for experiments; None: none."""
    lease_ms: int
    """After this time at the latest another replica can take over the turn of a dead one."""
    busy_wait_s: float
    """How long a repeated request waits for the running turn of its session before a 409."""
    max_turns_in_flight: int
    """More turns are refused at once, because a queue would make every customer wait."""
    max_body_bytes: int
    drain_s: float
    """How long requests are still served after SIGTERM, with readiness false."""
    token: str | None = field(repr=False)
    """The token that callers must send as `Authorization: Bearer`; None: no token needed."""
    default_app: str | None
    """ADK's own setting: the app of requests that name none."""
    agent: Path | None
    """The folder of the agent, as for `adk run`; None: ShopMax's."""
    tools: str | None
    """The tools that run while a stand-in plays the model: `dry` (none), `all`, or names with
    commas between them; None: no stand-in plays, and all of them run."""
    tool_answers: Path | None
    """The folder of a recording with answers for tools that do not run."""
    session_uri: str | None = field(repr=False)
    """The URI of the session service, as `adk api_server` takes it; None: `sessions` names it."""
    artifact_uri: str | None = field(repr=False)
    """The URI of the artifact service; None: artifacts are in memory."""
    memory_uri: str | None = field(repr=False)
    """The URI of the memory service; None: memories are in memory."""
    patch_adk: bool
    """Whether to apply `adk_patches`, which make a turn cheaper and change nothing else."""


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings.  Raises SettingsError naming the variable and its value."""
    agent = Path(environ["DIYA_AGENT"]).resolve() if environ.get("DIYA_AGENT") else None
    return Settings(
        replica=environ.get("DIYA_REPLICA") or platform.node(),
        redis_url=environ.get("DIYA_REDIS_URL", "redis://127.0.0.1:6379/0"),
        sessions=environ.get("DIYA_SESSIONS", "redis"),
        ttl_seconds=_number(environ, "DIYA_TTL_SECONDS", 7200.0),
        durability=environ.get("DIYA_DURABILITY", "aof"),
        model=environ.get("DIYA_MODEL", "scripted"),
        model_ttft_ms=_number(environ, "DIYA_MODEL_TTFT_MS", 60.0, zero=True),
        model_tokens_per_s=_number(environ, "DIYA_MODEL_TOKENS_PER_S", 600.0),
        model_faults_file=environ.get("DIYA_MODEL_FAULTS") or None,
        lease_ms=_whole(environ, "DIYA_LEASE_MS", 2000),
        busy_wait_s=_number(environ, "DIYA_BUSY_WAIT_S", 2.0, zero=True),
        max_turns_in_flight=_whole(environ, "DIYA_MAX_TURNS_IN_FLIGHT", 64),
        max_body_bytes=_whole(environ, "DIYA_MAX_BODY_BYTES", 1 << 20),
        drain_s=_number(environ, "DIYA_DRAIN_S", 1.2, zero=True),
        token=_token(environ),
        default_app=environ.get("ADK_DEFAULT_APP_NAME") or (agent.name if agent else None),
        agent=agent,
        tools=environ.get("DIYA_TOOLS") or None,
        tool_answers=Path(answers) if (answers := environ.get("DIYA_TOOL_ANSWERS")) else None,
        session_uri=environ.get("DIYA_SESSION_SERVICE_URI") or None,
        artifact_uri=environ.get("DIYA_ARTIFACT_SERVICE_URI") or None,
        memory_uri=environ.get("DIYA_MEMORY_SERVICE_URI") or None,
        patch_adk=_switch(environ, "DIYA_ADK_PATCHES"),
    )


def _switch(environ: Mapping[str, str], name: str) -> bool:
    text = environ.get(name, "on")
    if text not in ("on", "off"):
        raise SettingsError(f"{name} must be `on` or `off`, got {text!r}")
    return text == "on"


def _token(environ: Mapping[str, str]) -> str | None:
    token = environ.get("DIYA_TOKEN")
    # An empty token is refused, not treated as none: a secret that was not delivered must not
    # remove the protection.
    if token is not None and not re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", token):
        raise SettingsError(
            "DIYA_TOKEN must be unset or consist of letters, digits and `-._~+/`, "
            "got an empty value or another character"
        )
    return token


def _number(environ: Mapping[str, str], name: str, default: float, *, zero: bool = False) -> float:
    text = environ.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not math.isfinite(value) or value < 0 or (value == 0 and not zero):
        wanted = "a number of at least 0" if zero else "a number above 0"
        raise SettingsError(f"{name} must be {wanted}, got {text!r}")
    return value


def _whole(environ: Mapping[str, str], name: str, default: int) -> int:
    value = _number(environ, name, float(default))
    if not value.is_integer():
        raise SettingsError(f"{name} must be a whole number, got {environ.get(name)!r}")
    return int(value)
