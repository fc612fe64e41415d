"""The service: ADK's own API server, with our sessions, turn guarantees and health routes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import JSONResponse
from prometheus_client import generate_latest
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from target_service.server import (
    adk_server,
    error_handlers,
    initial_events,
    metrics,
    own_agent,
    session_backend,
    user_services,
)
from target_service.server.loop_lag import LoopLag
from target_service.server.middleware import BearerToken, BodyLimit, Health, Signature
from target_service.server.warmup import warm_up
from target_service.server.wellformed import WellFormed
from target_service.sessions.service import RedisSessionService
from target_service.settings import Settings
from target_service.turns import replies
from target_service.turns.counts import Counts
from target_service.turns.guard import TurnGuard

AGENTS = Path(__file__).parents[1] / "agents"


def create(config: Settings, health: Health) -> ASGIApp:
    """Build the service with its middleware.

    Raises SettingsError when the session service, the agent or the answers of its tools cannot be
    loaded.
    """
    if config.agent is not None:
        own_agent.load(config.agent)
    agents = config.agent or AGENTS
    user_services.register(config, agents)
    if config.session_uri is None:
        sessions = session_backend.create(config)
    else:
        sessions = user_services.sessions(config.session_uri, config, agents)
    lag = LoopLag()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await warm_up(config)
        await user_services.prepare(sessions)
        watch = asyncio.create_task(lag.watch())
        yield
        watch.cancel()
        if isinstance(sessions, RedisSessionService):
            await sessions.close()

    one = None if config.agent is None else True
    plugins = []
    if config.tools is not None:
        # Its packages are not in every image: only a fleet whose model is a stand-in has tools.
        from target_service.server import tool_plugin

        plugins = tool_plugin.of(config)
    app = adk_server.create(
        agents,
        sessions,
        lifespan,
        single=one,
        plugins=plugins,
        artifacts=user_services.artifacts(config, agents),
        memories=user_services.memories(config, agents),
    )
    _add_health(app, health)
    guarded = None
    if isinstance(sessions, RedisSessionService):
        guarded = _add_guard(app, sessions, config), sessions
        initial_events.add(app)
    _add_metrics(app, lag, guarded)
    app.add_exception_handler(RedisError, _store_gone)
    app.add_exception_handler(HTTPException, _store_gone_inside)
    error_handlers.add_handlers(app)
    return _behind_door(app, config, health)


def _behind_door(app: ASGIApp, config: Settings, health: Health) -> ASGIApp:
    """Wrap all of FastAPI, so that its response to a crash passes the middleware too."""
    app = BodyLimit(WellFormed(app), limit=config.max_body_bytes)
    if config.token is not None:
        app = BearerToken(app, token=config.token)
    return Signature(app, name=config.replica, health=health)


def _add_guard(app: FastAPI, sessions: RedisSessionService, config: Settings) -> Counts:
    counts = Counts(config.max_turns_in_flight)
    app.add_middleware(
        TurnGuard,
        sessions=sessions,
        counts=counts,
        lease_ms=config.lease_ms,
        busy_wait_s=config.busy_wait_s,
        max_in_flight=config.max_turns_in_flight,
        default_app=config.default_app,
    )
    return counts


def _add_metrics(
    app: FastAPI, lag: LoopLag, guarded: tuple[Counts, RedisSessionService] | None
) -> None:
    numbers = metrics.registry(lag, guarded)

    @app.get("/metrics")
    async def show_metrics() -> Response:
        """This replica's metrics, for Prometheus."""
        return Response(generate_latest(numbers), media_type=metrics.CONTENT_TYPE)


def _add_health(app: FastAPI, health: Health) -> None:
    @app.get("/livez")
    async def livez() -> dict[str, str]:
        """The process runs."""
        return {"status": "alive"}

    @app.get("/readyz")
    async def readyz() -> Response:
        """Ready for traffic.  Redis is not checked: when it is down, no other replica is better."""
        if health.ready:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "draining"}, status_code=503)


async def _store_gone(_: Request, error: Exception) -> Response:
    return replies.unknown(f"the session store does not answer ({type(error).__name__})")


async def _store_gone_inside(request: Request, error: Exception) -> Response:
    """ADK answers 500 to any error while creating a session; the exception's cause tells which."""
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, RedisError):
        return await _store_gone(request, error.__cause__)
    return await http_exception_handler(request, error)
