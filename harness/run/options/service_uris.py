"""The user's own services for sessions, artifacts and memories, by the URIs that ADK takes.

A URI may hold a password.  Replicas get it by their environment, and it is in no command line, no
record and no message of diya.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from msgspec import UNSET, UnsetType

from chaos.fleet.plan import POSTGRES, SESSION_URI
from diya_options import flag
from harness.errors import ConfigError
from harness.fleet_kinds import DEFAULT, FLEETS
from reports.basics.addresses import is_loopback, without_password

OPTIONS = {
    "session_service_uri": SESSION_URI,
    "artifact_service_uri": "DIYA_ARTIFACT_SERVICE_URI",
    "memory_service_uri": "DIYA_MEMORY_SERVICE_URI",
}
"""Option → the variable by which the replicas get its URI."""
_ENV = "env:"
_LOCAL = ("memory", "sqlite", "file")
"""Schemes whose URIs name nothing beyond this machine; a driver may follow after `+`."""
_RENAMED = {"postgres": "postgresql+asyncpg"}
"""Schemes as hosters of databases show them, and what ADK's session service takes."""
_PASSWORDS = frozenset({"password", "passwd", "pwd"})
"""Keys of a query under which drivers take a password; it would stand in the records."""
_HOSTS = frozenset({"host", "hostaddr"})
"""The same of hosts."""
_SHORTEST_SECRET = 8
"""Characters: a shorter password may be a part of a word that is not secret."""


@dataclass(frozen=True)
class ServiceUris:
    """The URIs that the options name."""

    given: Mapping[str, str] = field(default_factory=dict)
    """Option → its word on the command line, without a password."""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Option → the URI."""

    @property
    def sessions(self) -> str | None:
        """The URI of the sessions; None: `--sessions` says where they are."""
        return self.values.get("session_service_uri")

    @property
    def scheme(self) -> str | None:
        """The scheme of the URI of the sessions, such as `postgresql+asyncpg`; None without one."""
        return None if self.sessions is None else self.sessions.partition(":")[0]

    def replica_env(self) -> dict[str, str]:
        """The variables that replicas get."""
        return {OPTIONS[option]: uri for option, uri in self.values.items()}

    def described(self) -> dict[str, str]:
        """For `run.json`: `sessions`, `artifacts` and `memory` → the URI without user and password,
        or the variable that holds it."""
        return {_role(option): word for option, word in self.given.items()}

    def secrets(self) -> list[str]:
        """The words of the URIs that must be in no file of the run, the longest first."""
        found: set[str] = set()
        for uri in self.values.values():
            found |= _secrets(uri)
        return sorted(found, key=len, reverse=True)


def chosen(args: argparse.Namespace) -> ServiceUris:
    """The URIs of the options.  Raises ConfigError, without a password."""
    given, values = {}, {}
    for option in OPTIONS:
        word = getattr(args, option, None)
        if word is None:
            continue
        shown = f"{flag(option)} {without_password(word).partition('?')[0]}"
        _check_fleet(shown, args)
        uri = _value(shown, word)
        _check(shown, uri, authorised=getattr(args, "authorised", False))
        given[option], values[option] = without_password(word), uri
    uris = ServiceUris(given, values)
    if uris.sessions is not None and args.sessions != "redis":
        raise ConfigError(
            f"--sessions {args.sessions}: must not be given with --session-service-uri, which says "
            "where the sessions are"
        )
    return uris


def filled_in(
    args: argparse.Namespace, described: Mapping[str, str] | UnsetType
) -> dict[str, str | None]:
    """The options of a `--replay`: those of the run, unless they are given again.

    Raises ConfigError for a URI of the run whose password was not recorded.
    """
    taken: dict[str, str | None] = {}
    for option in OPTIONS:
        recorded = None if described is UNSET else described.get(_role(option))
        taken[option] = getattr(args, option, None) or recorded
        if recorded and taken[option] == recorded and "…@" in recorded:
            raise ConfigError(
                f"{flag(option)}: must be given with this --replay, because the run "
                "does not record the user and the password of its URI"
            )
    return taken


def check_postgres(sessions: str, env: str = DEFAULT) -> None:
    """Raise ConfigError when the sessions cannot be in a PostgreSQL that diya starts.

    The fleet must be one of processes, and the packages must be there.
    """
    if sessions == POSTGRES and FLEETS[env].in_containers:
        raise ConfigError(
            f"--sessions {POSTGRES}: must not be given with --env {env}; the PostgreSQL that diya "
            "starts is a process of this machine"
        )
    for package in ("asyncpg", "sqlalchemy"):
        if sessions == POSTGRES and importlib.util.find_spec(package) is None:
            raise ConfigError(
                f"--sessions {POSTGRES}: the package {package} must be installed, for example by "
                "pip install 'PACKAGE[postgres]'"
            )


def _role(option: str) -> str:
    role = option.partition("_")[0]
    return role if role == "memory" else f"{role}s"


def _value(shown: str, word: str) -> str:
    if not word.startswith(_ENV):
        return word
    name = word.removeprefix(_ENV)
    value = os.environ.get(name)
    if not value:
        raise ConfigError(
            f"{shown}: the environment has no such variable, or it is empty; it must name the "
            "variable that holds the URI"
        )
    return value


def _check_fleet(shown: str, args: argparse.Namespace) -> None:
    if args.target is not None or FLEETS[args.env].in_containers:
        raise ConfigError(
            f"{shown}: must not be given with --target or --env; a target or an image has its own "
            "services"
        )


def _check(shown: str, uri: str, *, authorised: bool) -> None:
    """Raise ConfigError unless it is a URI to which load may go."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+._-]*://\S*", uri):
        raise ConfigError(
            f"{shown}: must be a URI as `adk api_server` takes it, such as "
            "postgresql+asyncpg://user@host/database or sqlite:///FILE"
        )
    if (scheme := uri.partition(":")[0].lower()) in _RENAMED:
        raise ConfigError(
            f"{shown}: {scheme}:// is a scheme that SQLAlchemy no longer takes; did you mean "
            f"{_RENAMED[scheme]}://"
        )
    try:
        parts = urlsplit(uri)
        hosts = _hosts(parts)
    except ValueError:  # for half an IPv6 address
        raise ConfigError(f"{shown}: must be a URI with a host that can be read") from None
    if _PASSWORDS & {name.lower() for name, _ in parse_qsl(parts.query)}:
        raise ConfigError(f"{shown}: must hold its password before the @, not in its query")
    local = uri.partition("://")[0].partition("+")[0] in _LOCAL
    if not local and not all(map(is_loopback, hosts)) and not authorised:
        raise ConfigError(
            f"{shown}: it is not on this machine; load goes there only with --authorised, by which "
            "you say that you may"
        )


def _hosts(parts: SplitResult) -> list[str]:
    """The hosts that a URI names, also in its query, where drivers take them too.

    Raises ValueError for one that cannot be read.
    """
    named = [value for name, value in parse_qsl(parts.query) if name.lower() in _HOSTS]
    words = [word for value in named for word in value.split(",")]
    # A path is that of a socket of this machine.
    found = [urlsplit(f"//{word}").hostname for word in words if not word.startswith("/")]
    return [host for host in (parts.hostname, *found) if host]


def _secrets(uri: str) -> set[str]:
    userinfo = urlsplit(uri).netloc.rpartition("@")[0]
    password = userinfo.partition(":")[2]
    if not password:
        return set()
    words = {password, unquote(password)}
    elsewhere = uri.replace(userinfo, "")
    return {f"{userinfo}@"} | {
        word for word in words if len(word) >= _SHORTEST_SECRET and word not in elsewhere
    }
