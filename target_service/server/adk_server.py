"""ADK's own API server, built around existing services."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI
from google.adk.artifacts.base_artifact_service import BaseArtifactService
from google.adk.artifacts.in_memory_artifact_service import InMemoryArtifactService
from google.adk.auth.credential_service.in_memory_credential_service import (
    InMemoryCredentialService,
)
from google.adk.cli.api_server import ApiServer
from google.adk.cli.service_registry import load_services_module
from google.adk.cli.utils.agent_loader import AgentLoader, is_single_agent_directory
from google.adk.memory.base_memory_service import BaseMemoryService
from google.adk.memory.in_memory_memory_service import InMemoryMemoryService
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.sessions.base_session_service import BaseSessionService
from starlette.types import Lifespan

from target_service.settings import SettingsError


def is_agent(folder: Path) -> bool:
    """Whether the folder may be a single agent in a layout that ADK loads.

    A package with its `root_agent` in `__init__.py` counts as an agent here.  ADK's own check does
    not accept it, because a folder of agents may be a package too.
    """
    return is_single_agent_directory(folder) or (folder / "__init__.py").is_file()


def loader(folder: Path) -> AgentLoader:
    """A loader for a folder that is a single agent."""
    found = AgentLoader(str(folder))
    # ADK's server does the same for a single agent.
    found._set_single_agent_mode(folder.name, str(folder.parent))
    return found


class _Server(ApiServer):
    """ADK's server with plugins that exist: of one that cannot be loaded ADK only writes a log."""

    more_plugins: list[BasePlugin]

    def _instantiate_extra_plugins(self) -> list[BasePlugin]:
        return self.more_plugins


def create(
    agents: Path,
    sessions: BaseSessionService,
    lifespan: Lifespan[FastAPI],
    *,
    single: bool | None = None,
    plugins: Sequence[BasePlugin] = (),
    artifacts: BaseArtifactService | None = None,
    memories: BaseMemoryService | None = None,
) -> FastAPI:
    """Serve the agents of a folder, or the folder as a single agent (`single`; None: ADK decides).

    `plugins` come after those of the agent itself.  Without `artifacts` and `memories` these are in
    memory.

    Builds the same app as `get_fast_api_app(web=False)` of `google.adk.cli.fast_api`, without its
    imports of ADK's deployment and evaluation, a fifth of a replica's start-up.  A test compares
    the two.

    Raises SettingsError when ADK has no place for the plugins.
    """
    folder = agents.resolve()
    single = is_single_agent_directory(folder) if single is None else single
    load_services_module(str(agents))
    server = _Server(
        agent_loader=loader(folder) if single else AgentLoader(str(agents)),
        session_service=sessions,
        artifact_service=artifacts or InMemoryArtifactService(),
        memory_service=memories or InMemoryMemoryService(),
        credential_service=_credentials(),
        # The server uses these only for its development pages, which are off here.
        eval_sets_manager=None,
        eval_set_results_manager=None,
        agents_dir=str(folder.parent if single else agents),
    )
    if plugins and not hasattr(ApiServer, "_instantiate_extra_plugins"):
        raise SettingsError(
            "DIYA_TOOLS must be unset with this google-adk, whose API server takes no plugins"
        )
    server.more_plugins = list(plugins)
    if single:
        server.default_app_name = folder.name
    # No bind_host: ADK would answer 403 to any other Host header, but a load balancer, its health
    # checks and a cluster's DNS names use their own.
    return server.get_fast_api_app(lifespan=lifespan)


def _credentials() -> InMemoryCredentialService:
    with warnings.catch_warnings():
        # ADK warns at every start that this is experimental.
        warnings.simplefilter("ignore", UserWarning)
        return InMemoryCredentialService()
