"""The control of a running stand-in over HTTP: its calls, its faults, and the paths it missed."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from target_service.stand_in.call_log import CallLog
from target_service.stand_in.effect import Faults, Quota
from target_service.stand_in.exchange import Exchange, TooLarge

PREFIX = "/_diya/"
_LARGEST_BODY = 1 << 16
_KINDS_OF_UNKNOWN = 100


class Control:
    """Answers the paths below /_diya/."""

    def __init__(self, log: CallLog, faults: Faults, quota: Quota, token: str) -> None:
        self._log = log
        self._faults = faults
        self._quota = quota
        self._token = token.encode()
        self._unknown = Counter[str]()

    def note_unknown(self, method: str, path: str) -> bool:
        """Count a request to a path that no API has; True for the first one of its kind."""
        kind = f"{method} {path}"[:200]
        if kind not in self._unknown and len(self._unknown) >= _KINDS_OF_UNKNOWN:
            return False
        self._unknown[kind] += 1
        return self._unknown[kind] == 1

    async def handle(self, exchange: Exchange) -> None:
        """Answer one request.  Raises HungUp."""
        name = exchange.path.removeprefix(PREFIX)
        if (exchange.method, name) == ("GET", "health"):
            await _answer(exchange, 200, {"status": "ready", "calls": self._log.count})
        elif not self._may(exchange.header(b"authorization")):
            why = "the header `Authorization: Bearer` must hold the stand-in's token"
            await _answer(exchange, 401, {"detail": why})
        elif (exchange.method, name) == ("GET", "calls"):
            await self._calls(exchange)
        elif (exchange.method, name) == ("POST", "faults"):
            await self._set(exchange, self._faults.set)
        elif (exchange.method, name) == ("POST", "quota"):
            await self._set(exchange, self._quota.set)
        elif (exchange.method, name) == ("GET", "affected"):
            await _answer(exchange, 200, self._faults.affected())
        elif (exchange.method, name) == ("GET", "unknown"):
            await _answer(exchange, 200, dict(self._unknown))
        else:
            known = "GET health, calls, affected or unknown, or POST faults or quota"
            got = f"{exchange.method} {name}"
            await _answer(exchange, 404, {"detail": f"must be {known}, got {got}"})

    async def _calls(self, exchange: Exchange) -> None:
        text = exchange.query("after") or "0"
        if not text.isascii() or not text.isdigit():
            detail = f"after: must be a whole number of at least 0, got {text!r}"
            await _answer(exchange, 400, {"detail": detail})
            return
        following, lines = self._log.after(int(text[:18]))
        calls = b",".join(line.rstrip() for line in lines)
        origin = f"{self._log.origin:.6f}".encode()
        told = b'{"next":%d,"origin":%s,"calls":[%s]}' % (following, origin, calls)
        await exchange.answer(200, told)

    async def _set(self, exchange: Exchange, put: Callable[[dict[str, Any]], int | None]) -> None:
        try:
            values = msgspec.json.decode(await exchange.body(_LARGEST_BODY) or b"{}", type=dict)
            number = put(values)
        except (TooLarge, ValueError) as error:  # msgspec's errors are ValueErrors
            await _answer(exchange, 400, {"detail": str(error) or "the body is too large"})
            return
        await _answer(exchange, 200, {} if number is None else {"number": number})

    def _may(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        # Compare in constant time: the time of a refusal must not reveal a prefix of the token.
        shown = token.strip().encode("latin-1", "replace")
        return scheme.lower() == "bearer" and hmac.compare_digest(shown, self._token)


async def _answer(exchange: Exchange, status: int, value: Any) -> None:
    await exchange.answer(status, msgspec.json.encode(value))
