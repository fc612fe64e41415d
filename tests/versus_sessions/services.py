"""The session services that are played, and those that cannot be had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Store = Literal["redis", "database"]

_COMMUNITY = "google-adk-community"
_ADK_REDIS = "adk-redis"


@dataclass(frozen=True, slots=True)
class Service:
    """One row of the table."""

    name: str
    """As `--only` takes it."""
    title: str
    sessions: str
    """As `diya readiness --sessions` takes it; empty: it is not played."""
    keeps: str
    """Where it keeps the sessions, for the page."""
    store: Store | None = None
    """The server that is killed under it; None: it has none."""
    beside: tuple[str, str] | None = None
    """The package that needs an environment of its own, after the variable that tells its replicas
    where that is."""
    missing: str = ""
    """Why it is not played: one sentence."""


SERVICES = (
    Service("ours", "diya `RedisSessionService`", "redis", "Redis, append-only lists", "redis"),
    Service(
        "adk-memory",
        "ADK `InMemorySessionService`",
        "memory",
        "memory of each replica",
    ),
    Service(
        "adk-sqlite",
        "ADK `SqliteSessionService`",
        "tests.versus_sessions.factories:sqlite",
        "one SQLite file, shared by all replicas",
    ),
    Service(
        "adk-database",
        "ADK `DatabaseSessionService`",
        "tests.versus_sessions.factories:database",
        "PostgreSQL",
        "database",
    ),
    Service(
        "adk-redis",
        "ADK `integrations.redis`",
        "adk-redis",
        "Redis, one JSON document a session",
        "redis",
    ),
    Service(
        "community-redis",
        f"`{_COMMUNITY}` `RedisSessionService`",
        "tests.defects.community:factory",
        "Redis, one JSON document a session",
        "redis",
        beside=("DIYA_COMMUNITY_PYTHON", f"{_COMMUNITY}==0.5.0"),
    ),
    Service(
        "redis-developer",
        f"`{_ADK_REDIS}` 0.0.10 of redis-developer",
        "",
        "Redis Agent Memory, or an Agent Memory Server",
        missing=(
            "it keeps sessions in the managed Redis Agent Memory or in an Agent Memory Server, "
            "never in a plain Redis; that server is not on PyPI, its source needs Python 3.12 and "
            "a Redis with JSON and search, and neither Debian 12 nor PyPI has such a Redis"
        ),
    ),
)
BY_NAME = {each.name: each for each in SERVICES}
