"""ADK's own API server around services that are at hand."""

from __future__ import annotations

import warnings
from pathlib import Path

from fastapi import FastAPI
from google.adk.artifacts.in_memory_artifact_service import InMemoryArtifactService
from google.adk.auth.credential_service.in_memory_credential_service import (
    InMemoryCredentialService,
)
from google.adk.cli.api_server import ApiServer
from google.adk.cli.service_registry import load_services_module
from google.adk.cli.utils.agent_loader import AgentLoader, is_single_agent_directory
from google.adk.memory.in_memory_memory_service import InMemoryMemoryService
from google.adk.sessions.base_session_service import BaseSessionService
from starlette.types import Lifespan


def is_agent(folder: Path) -> bool:
    """Whether the folder may be one agent in a layout that ADK loads.

    A package with its `root_agent` in `__init__.py` is one, too, where ADK takes an agent's name;
    ADK's own check leaves it out, because a folder of agents may be a package.
    """
    return is_single_agent_directory(folder) or (folder / "__init__.py").is_file()


def loader(folder: Path) -> AgentLoader:
    """A loader of the one agent that the folder is."""
    found = AgentLoader(str(folder))
    # As ADK's server does when it is told so.
    found._set_single_agent_mode(folder.name, str(folder.parent))
    return found


def create(
    agents: Path,
    sessions: BaseSessionService,
    lifespan: Lifespan[FastAPI],
    *,
    single: bool | None = None,
) -> FastAPI:
    """Serve the agents of a folder, or the one agent that the folder is (`single`; None: as ADK
    sees it).

    What `get_fast_api_app(web=False)` of `google.adk.cli.fast_api` builds, which imports ADK's
    deployment and evaluation too: a fifth of a replica's start.  A test holds the two together.
    """
    folder = agents.resolve()
    single = is_single_agent_directory(folder) if single is None else single
    load_services_module(str(agents))
    server = ApiServer(
        agent_loader=loader(folder) if single else AgentLoader(str(agents)),
        session_service=sessions,
        artifact_service=InMemoryArtifactService(),
        memory_service=InMemoryMemoryService(),
        credential_service=_credentials(),
        # Kept by the server for its development pages, which it has none of here.
        eval_sets_manager=None,
        eval_set_results_manager=None,
        agents_dir=str(folder.parent if single else agents),
    )
    if single:
        server.default_app_name = folder.name
    # No bind_host: with one, ADK answers 403 to any other Host header, and a balancer, its health
    # checks and a cluster's names all come with their own.
    return server.get_fast_api_app(lifespan=lifespan)


def _credentials() -> InMemoryCredentialService:
    with warnings.catch_warnings():
        # Experimental, it says at every start: that is nobody's news here.
        warnings.simplefilter("ignore", UserWarning)
        return InMemoryCredentialService()
