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


def create(agents: Path, sessions: BaseSessionService, lifespan: Lifespan[FastAPI]) -> FastAPI:
    """Serve the agents of a folder, or the one agent that the folder is.

    What `get_fast_api_app(web=False)` of `google.adk.cli.fast_api` builds, which imports ADK's
    deployment and evaluation too: a fifth of a replica's start.  A test holds the two together.
    """
    folder = agents.resolve()
    single = is_single_agent_directory(folder)
    load_services_module(str(agents))
    server = ApiServer(
        agent_loader=AgentLoader(str(agents)),
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
