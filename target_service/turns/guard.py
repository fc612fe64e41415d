"""ASGI middleware that makes a turn all or nothing, and its repetition harmless.

The steps of a turn: take the session's lease and read the session (one round trip); if history
holds this turn's id, answer from history; else let ADK run with its appends held in memory; then
write the whole turn under the lease (one round trip), and only then acknowledge it.  A turn with
an id runs to its end even if its client hangs up, because the client can ask again for its reply.
"""

from __future__ import annotations

import asyncio
import logging
import uuid

from google.adk.errors import StaleSessionError
from google.adk.errors.session_not_found_error import SessionNotFoundError
from google.adk.events.event import Event
from redis.exceptions import RedisError
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from target_service.sessions.service import RedisSessionService
from target_service.sessions.stored import Busy
from target_service.sessions.turn import Turn, current
from target_service.turns import replies, request
from target_service.turns.counts import Counts, Result
from target_service.turns.gate import Gate
from target_service.turns.leases import Leases

log = logging.getLogger("diya.turns")

_PATHS = frozenset({"/run", "/run_sse"})
_POLL_S = 0.05
_POLL_ANSWER_S = 0.1
"""Minimum time for a poll: cutting one short costs a connection, and perhaps the turn."""
_STORE_PATIENCE_S = 1.9
"""Limit on the store's answer: a turn that cannot begin is refused within two seconds."""
_HUNG_UP = 499
"""The status of ADK's response after the client has hung up."""


class TurnGuard:
    """Guards `/run` and `/run_sse`; other requests pass unchanged.

    `default_app` is ADK's `ADK_DEFAULT_APP_NAME`: the app of requests that name none.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        sessions: RedisSessionService,
        counts: Counts,
        lease_ms: int,
        busy_wait_s: float,
        max_in_flight: int,
        default_app: str | None,
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._counts = counts
        self._leases = Leases(sessions, lease_ms)
        self._lease_ms = lease_ms
        self._busy_wait_s = busy_wait_s
        self._max_in_flight = max_in_flight
        self._default_app = default_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the requested turn, or refuse it at once when too many are running."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in _PATHS:
            await self._app(scope, receive, send)
            return
        counts = self._counts
        if counts.in_flight >= self._max_in_flight:
            counts.results[Result.OVERLOADED] += 1
            why = f"{counts.in_flight} turns are running here; try again"
            await replies.not_run(503, why)(scope, receive, send)
            return
        counts.in_flight += 1
        result = Result.FAILED  # until the turn has another result
        try:
            result = await self._guarded(scope, receive, send)
        finally:
            counts.in_flight -= 1
            counts.results[result] += 1

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> Result:
        body = await request.read_body(receive)
        wanted = request.parse(scope, body, self._default_app)
        if wanted is None:
            await self._app(scope, request.replay(body, receive), send)
            return Result.REJECTED
        try:
            turn = await self._begin(wanted)
        except (RedisError, TimeoutError) as error:
            log.warning("turn %s not begun: %s", wanted.turn_id, type(error).__name__)
            await replies.not_run(503, "the session store does not answer")(scope, receive, send)
            return Result.UNAVAILABLE
        if isinstance(turn, Busy):
            why = "another turn of this session is running"
            await replies.not_run(409, why)(scope, receive, send)
            return Result.BUSY
        if turn.stored is not None and wanted.turn_id is not None:
            told = replies.stored_turn(turn.stored.events, wanted.turn_id)
            if told:
                result, reply = await self._again(wanted, wanted.turn_id, turn, told)
                await reply(scope, receive, send)
                return result
        return await self._run(wanted, turn, scope, receive, send)

    async def _begin(self, wanted: request.TurnRequest) -> Turn | Busy:
        """Take the lease, or wait for its holder.  Raises RedisError or TimeoutError."""
        clock = asyncio.get_running_loop().time
        patience_s = max(self._busy_wait_s, _STORE_PATIENCE_S)
        last_poll = clock() + min(self._busy_wait_s, patience_s - _POLL_ANSWER_S)
        owner = uuid.uuid4().hex
        busy: Busy | None = None
        try:
            async with asyncio.timeout(patience_s):
                while True:
                    turn = await self._sessions.begin_turn(wanted.name, self._lease_ms, owner=owner)
                    if isinstance(turn, Turn) or clock() + _POLL_S > last_poll:
                        return turn
                    busy = turn
                    await asyncio.sleep(_POLL_S)
        except (RedisError, TimeoutError) as error:
            # The lease may have been taken nevertheless.
            self._leases.let_go_soon(wanted.name, owner)
            if busy is not None and isinstance(error, TimeoutError):
                return busy
            raise

    async def _again(
        self, wanted: request.TurnRequest, turn_id: str, turn: Turn, told: list[Event]
    ) -> tuple[Result, Response]:
        """The answer to a turn that is in history already."""
        try:
            await self._sessions.confirm_turn(turn)
        except RedisError as error:
            log.warning("turn %s not repeated: %s", turn_id, type(error).__name__)
            self._leases.let_go_soon(turn.name, turn.owner)
            return Result.UNCONFIRMED, replies.unknown(
                "the session store did not confirm the turn again"
            )
        if not replies.answers(told, wanted.texts):
            return Result.REUSED, replies.reused(turn_id)
        return Result.REPEATED, replies.repeat(told, wanted.streaming)

    async def _run(
        self,
        wanted: request.TurnRequest,
        turn: Turn,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> Result:
        gate = Gate(send, wanted.streaming, lambda: self._commit(turn))
        # A turn with an id goes on when its client hangs up.  If it ended with the connection, it
        # would never finish for a client whose time-out is shorter than the model's latency.
        more = receive if wanted.turn_id is None else request.nothing_more
        token = current.set(turn)
        heartbeat = self._leases.keep(turn)
        try:
            await self._app(scope, request.replay(wanted.body, more), gate)
        finally:
            heartbeat.stop()
            current.reset(token)
            if not gate.settled:
                await self._leases.let_go(turn)
        if gate.refusal is not None:
            if not wanted.streaming:
                await gate.refusal(scope, receive, send)
            return Result.CONFLICT if gate.refusal.status_code == 409 else Result.UNCONFIRMED
        if gate.settled:
            return Result.OK
        return Result.REJECTED if 400 <= gate.status < _HUNG_UP else Result.FAILED

    async def _commit(self, turn: Turn) -> Response | None:
        """Write the turn; returns a response only when that failed."""
        try:
            await self._sessions.commit_turn(turn)
        except (SessionNotFoundError, StaleSessionError) as error:
            return replies.not_run(409, str(error))
        except RedisError as error:
            log.warning("turn of %s: commit unknown: %s", turn.name.session, type(error).__name__)
            self._leases.let_go_soon(turn.name, turn.owner)
            return replies.unknown("the session store did not confirm the turn")
        return None
