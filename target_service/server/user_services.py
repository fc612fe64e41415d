"""The user's own services, by the URIs that `adk api_server` takes.

The URIs are ADK's: those that its registry knows, those that `services.py` or `services.yaml`
registers, and any address of a database that SQLAlchemy knows.  A URI may hold a password, so none
is shown in an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from google.adk.artifacts.base_artifact_service import BaseArtifactService
from google.adk.artifacts.in_memory_artifact_service import InMemoryArtifactService
from google.adk.cli import service_registry
from google.adk.cli.utils import service_factory
from google.adk.memory.base_memory_service import BaseMemoryService
from google.adk.memory.in_memory_memory_service import InMemoryMemoryService
from google.adk.sessions.base_session_service import BaseSessionService

from target_service.settings import Settings, SettingsError

_FILES = ("services.py", "services.yaml", "services.yml")
_LONGEST = 300
_TRIES, _PAUSE_S, _PREPARE_S = 3, 0.2, 5.0
Made = TypeVar("Made")


def register(config: Settings, agents: Path) -> None:
    """Load the `services.py` or `services.yaml` in the agent's folder, or in the folder above it.

    Those are the places where `adk api_server` looks, which takes either folder.  Does nothing
    unless a URI is set.  Raises SettingsError for a file that cannot be loaded.
    """
    if not any((config.session_uri, config.artifact_uri, config.memory_uri)):
        return
    for folder in (agents, agents.parent):
        found = [folder / name for name in _FILES if (folder / name).is_file()]
        if not found:
            continue
        with _complaints() as complaints:
            service_registry.load_services_module(str(folder))
        if complaints:
            raise SettingsError(f"{found[0]} must be loaded, got {_told(complaints[0], config)}")
        return


def sessions(uri: str, config: Settings, agents: Path) -> BaseSessionService:
    """The session service of the URI.  Raises SettingsError."""
    return _made(
        "--session-service-uri",
        uri,
        config,
        lambda: service_factory.create_session_service_from_options(
            base_dir=agents, session_service_uri=uri
        ),
    )


async def prepare(service: BaseSessionService) -> None:
    """Create the tables of a database that lacks them, before the first customer.

    Replicas of a new database create them at the same time, and all but one may fail the first
    time.  An error is left to the turns, which report it.
    """
    make = getattr(service, "prepare_tables", None)
    if make is None:
        return
    for _ in range(_TRIES):
        with contextlib.suppress(Exception):  # the user's database may fail in any way
            await asyncio.wait_for(make(), _PREPARE_S)
            return
        await asyncio.sleep(_PAUSE_S)


def artifacts(config: Settings, agents: Path) -> BaseArtifactService:
    """The artifact service of the URI; without one in memory.  Raises SettingsError."""
    uri = config.artifact_uri
    if not uri:
        return InMemoryArtifactService()
    return _made(
        "--artifact-service-uri",
        uri,
        config,
        lambda: service_factory.create_artifact_service_from_options(
            base_dir=agents, artifact_service_uri=uri, strict_uri=True
        ),
    )


def memories(config: Settings, agents: Path) -> BaseMemoryService:
    """The memory service of the URI; without one in memory.  Raises SettingsError."""
    uri = config.memory_uri
    if not uri:
        return InMemoryMemoryService()
    return _made(
        "--memory-service-uri",
        uri,
        config,
        lambda: service_factory.create_memory_service_from_options(
            base_dir=agents, memory_service_uri=uri
        ),
    )


def _made(option: str, uri: str, config: Settings, make: Callable[[], Made]) -> Made:
    try:
        return make()
    except Exception as error:  # the user's service and its driver may fail in any way
        scheme = uri.partition(":")[0]
        raise SettingsError(
            f"{option} must be a URI of a service that ADK can create, got one of the scheme "
            f"{scheme!r}: {_told(f'{type(error).__name__}: {error}', config)}"
        ) from None


def _told(message: str, config: Settings) -> str:
    """The message on one line, without the URIs and the passwords in them."""
    told = " ".join(message.split())
    for uri in (config.session_uri, config.artifact_uri, config.memory_uri):
        for secret in secrets_of(uri or ""):
            told = told.replace(secret, "***")
    return told[:_LONGEST]


def secrets_of(uri: str) -> list[str]:
    """The URI itself if it holds a password, and the password as written and as meant."""
    userinfo = urlsplit(uri).netloc.rpartition("@")[0]
    password = userinfo.partition(":")[2]
    return [uri, password, unquote(password)] if password else []


class _Complaints(logging.Handler):
    """Keeps the warnings of ADK's registry, which goes on without the file."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record.getMessage())


@contextlib.contextmanager
def _complaints() -> Iterator[list[str]]:
    """The warnings of ADK's registry while the block runs."""
    handler, logger = _Complaints(), logging.getLogger(f"google_adk.{service_registry.__name__}")
    logger.addHandler(handler)
    try:
        yield handler.found
    finally:
        logger.removeHandler(handler)
