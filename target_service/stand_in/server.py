"""The stand-in as an ASGI application: each request is answered in the words of its API."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import msgspec

from target_service.stand_in import gemini, gemini_answer, openai, sending, shown, signatures
from target_service.stand_in.asked import Asked, BadRequest, Problem
from target_service.stand_in.call import Call
from target_service.stand_in.call_log import CallLog, Entry, Returned
from target_service.stand_in.control import PREFIX, Control
from target_service.stand_in.dialects import Api, Route, api_of, find
from target_service.stand_in.effect import Effect, Faults, Quota
from target_service.stand_in.exchange import Exchange, HungUp, Receive, Scope, Send, TooLarge
from target_service.stand_in.faults import ModelFaults
from target_service.stand_in.latency import Latency, recorded
from target_service.stand_in.quota import SlidingQuota
from target_service.stand_in.reply import PlainReplies, Replies, Reply
from target_service.stand_in.upstream import Request, Upstream

LARGEST_BODY = 20 * 1024 * 1024
"""Bytes: Gemini's own limit for a request."""
_THOUGHT = "**Thinking about the request**\n\nI look at what the customer needs."
_log = logging.getLogger("diya.model")
T = TypeVar("T")


class StandIn:
    """The application, and the parts that decide its answers."""

    def __init__(
        self,
        *,
        latency: Latency,
        log: CallLog,
        token: str,
        replies: Replies | None = None,
        faults: Faults | None = None,
        quota: Quota | None = None,
        upstream: Upstream | None = None,
        largest_body: int = LARGEST_BODY,
    ) -> None:
        """`upstream`: every call is passed on to it and recorded; no reply is made here.

        `token` is the secret of the control, `largest_body` in bytes.
        """
        self._latency = latency
        self._log = log
        self._replies = replies or PlainReplies()
        self._faults = faults or ModelFaults(takes_time=latency.first_token_s > 0)
        self._quota = quota or SlidingQuota()
        self._upstream = upstream
        self._largest_body = largest_body
        self._control = Control(log, self._faults, self._quota, token)
        self._run = secrets.token_hex(4)
        self._number = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = Exchange(scope, receive, send)
        try:
            if exchange.path.startswith(PREFIX):
                await self._control.handle(exchange)
            elif route := find(exchange.method, exchange.path):
                await self._answer(exchange, route)
            else:
                await self._refuse_unknown(exchange)
        except HungUp:
            pass  # the log has it
        finally:
            exchange.close()

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    async def _answer(self, exchange: Exchange, route: Route) -> None:
        """Answer a call of the model, and log it whatever comes of it."""
        entry = Entry(t=self._log.now(), dialect=route.api.name, model=route.model)
        try:
            if await self._answer_call(exchange, route, entry):
                entry.done = self._log.now()
        except (HungUp, asyncio.CancelledError):
            raise
        except Exception:
            _log.exception("a call was not answered")
            if exchange.started:
                return
            await self._fail(exchange, route.api, entry, Problem(500))
            entry.done = self._log.now()
        finally:
            if route.method != "count":
                self._log.add(entry)

    async def _answer_call(self, exchange: Exchange, route: Route, entry: Entry) -> bool:
        """False: the answer was cut off.  Raises HungUp."""
        arrived = asyncio.get_running_loop().time()
        try:
            raw = await exchange.body(self._largest_body)
            body = msgspec.json.decode(raw)
            if route.method == "count":
                count = _shaped(partial(gemini.counted, body))
                await exchange.answer(200, gemini_answer.counted(count))
                return True
            asked = _shaped(partial(_parse, route, exchange, body))
        except TooLarge:
            limit = f"Request payload size exceeds the limit: {self._largest_body} bytes."
            status = 400 if route.api.name == "gemini" else 413
            return await self._fail(exchange, route.api, entry, Problem(status, limit))
        except (msgspec.DecodeError, RecursionError) as error:
            why = f"We could not parse the JSON body of your request: {error}"
            return await self._fail(exchange, route.api, entry, Problem(400, why))
        except BadRequest as error:
            return await self._fail(exchange, route.api, entry, Problem(400, str(error)))
        call = asked.call
        seen = shown.look_at(call)
        _describe(entry, call, seen)
        # The one place where the quota, the faults and the replies come in.
        if refusal := self._quota.admit(call, arrived):
            entry.refused = refusal.refused
            problem = Problem(
                429,
                model=call.model,
                retry_after_s=refusal.retry_after_s,
                refused=refusal.refused,
                limit=refusal.quota_value,
            )
            return await self._fail(exchange, route.api, entry, problem)
        effect = self._faults.for_call(call)
        entry.fault = effect.fault
        if effect.status != 200:
            problem = Problem(effect.status, model=call.model, retry_after_s=effect.retry_after_s)
            return await self._fail(exchange, route.api, entry, problem)
        if self._upstream is not None:
            sent = tuple(exchange.headers)
            request = Request(exchange.method, exchange.path, exchange.query_string, sent, raw)
            try:
                await sending.forward(exchange, self._upstream, request, call, entry)
            except HungUp:
                raise
            except OSError as error:
                if exchange.started:
                    return False
                why = f"the real model does not answer: {error}"
                return await self._fail(exchange, route.api, entry, Problem(503, why))
            return True
        reply = self._replies.reply(call)
        return await self._reply(exchange, route.api, asked, reply, effect, entry, seen, arrived)

    async def _reply(
        self,
        exchange: Exchange,
        api: Api,
        asked: Asked,
        reply: Reply,
        effect: Effect,
        entry: Entry,
        seen: shown.Shown,
        arrived: float,
    ) -> bool:
        if asked.thoughts and not reply.thought:
            reply = replace(reply, thought=_THOUGHT)
        usage = sending.usage(asked.call, reply)
        count = usage.output + usage.thoughts
        plan = (
            self._latency.plan(seen.seed, count)
            if reply.delays is None
            else recorded(reply.delays.first_token_s, reply.delays.whole_s, count)
        ).slower(effect.latency_factor)
        entry.status = 200
        entry.answer = "call" if reply.calls else "text"
        entry.names = [call.name for call in reply.calls]
        entry.source = reply.source
        entry.output_tokens = count
        entry.first_token_s, entry.took_s = plan.first_token_s, plan.took_s
        self._quota.answered(count, arrived)
        answer = sending.Answer(asked, reply, usage, f"{self._run}{next(self._number):08x}")
        send = sending.stream if asked.call.stream else sending.whole
        return await send(exchange, api, answer, effect.ending, plan, arrived)

    async def _fail(self, exchange: Exchange, api: Api, entry: Entry, problem: Problem) -> bool:
        entry.status = problem.status
        entry.answer = "error"
        body, headers = api.error(problem)
        await exchange.answer(problem.status, body, headers)
        return True

    async def _refuse_unknown(self, exchange: Exchange) -> None:
        if self._control.note_unknown(exchange.method, exchange.path):
            _log.warning("no API has this path: %s %s", exchange.method, exchange.path)
        why = (
            f"Invalid URL ({exchange.method} {exchange.path}): the stand-in for the model speaks "
            "Gemini's generateContent, streamGenerateContent and countTokens, and OpenAI's chat "
            "completions"
        )
        body, headers = api_of(exchange.path).error(Problem(404, why))
        await exchange.answer(404, body, headers)


def _parse(route: Route, exchange: Exchange, body: Any) -> Asked:
    """Raises BadRequest."""
    key = _key(exchange)
    if route.api.name == "openai":
        return openai.parse(body, model=route.model, key=key)
    stream, sse = route.method == "stream", exchange.query("alt") == "sse"
    return gemini.parse(body, model=route.model, stream=stream, sse=sse, key=key)


def _shaped(read: Callable[[], T]) -> T:
    """What `read` makes of a body.  Raises BadRequest for JSON of another shape than the API's."""
    try:
        return read()
    except (AttributeError, KeyError, TypeError):
        raise BadRequest("Invalid value: a field has another type than the API says.") from None


def _key(exchange: Exchange) -> str:
    """The API key of a request, wherever its client puts it."""
    bearer = exchange.header(b"authorization")
    if bearer[:7].lower() == "bearer ":
        return bearer[7:].strip()
    named = exchange.header(b"x-goog-api-key") or exchange.header(b"api-key")
    return named or exchange.query("key")


def _describe(entry: Entry, call: Call, seen: shown.Shown) -> None:
    entry.model = call.model
    entry.agent = call.agent
    entry.caller = call.replica
    entry.messages, entry.steps, entry.results = seen.messages, seen.steps, seen.results
    entry.signatures = Returned(*signatures.count(call.items))
    entry.prompt_tokens = call.prompt_tokens
