"""Toxiproxy's HTTP API over diya's proxies."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from chaos.proxy import wire
from chaos.proxy.links import Proxy, address
from chaos.proxy.toxics import InvalidToxic, Toxic

_PARTING_S = 1.0
"""The longest time that a client whose request was not read whole has for reading the answer."""

VERSION = "2.9.0"
"""The release of Toxiproxy whose API this is."""


class Refusal(Exception):
    """An answer other than success."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class Api:
    """Answers requests; holds the proxies."""

    def __init__(self) -> None:
        self.proxies: dict[str, Proxy] = {}
        self._one = asyncio.Lock()
        """One request at a time: to open a listener takes time, and two may want the same name."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, for as long as its client keeps it."""
        try:
            while request := await wire.read(reader, writer):
                if request.browser:
                    # A page in a browser must not be able to reach this API.
                    raise wire.BrokenRequest("User agent not allowed", HTTPStatus.FORBIDDEN)
                status, body = await self._answer(request)
                bare = request.method == "HEAD"
                writer.write(wire.response(status, body, bare=bare, last=request.last))
                await writer.drain()
                if request.last:
                    return
        except wire.BrokenRequest as broken:
            await _part(reader, writer, broken)
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.close()

    async def _answer(self, request: wire.Request) -> tuple[HTTPStatus, Any]:
        try:
            method = "GET" if request.method == "HEAD" else request.method
            read = method in {"POST", "PATCH"} and request.path != ("reset",)
            values = _lowered(json.loads(request.body)) if read and request.body.strip() else None
            async with self._one:
                return await self._route(method, list(request.path), values)
        except Refusal as refusal:
            return refusal.status, {"error": str(refusal), "status": refusal.status.value}
        except InvalidToxic as error:
            bad = HTTPStatus.BAD_REQUEST
            return bad, {"error": str(error), "status": bad.value}
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            bad = HTTPStatus.BAD_REQUEST
            return bad, {"error": f"bad request body: {error}", "status": bad.value}
        except OSError as error:
            broken = HTTPStatus.INTERNAL_SERVER_ERROR
            return broken, {"error": str(error), "status": broken.value}

    async def _route(self, method: str, path: list[str], values: Any) -> tuple[HTTPStatus, Any]:
        match (method, path):
            case ("GET", ["version"]):
                return HTTPStatus.OK, {"version": VERSION}
            case ("POST", ["reset"]):
                return await self._reset()
            case ("POST", ["populate"]):
                return await self._populate(values)
            case ("GET", ["proxies"]):
                return HTTPStatus.OK, {n: proxy.shown() for n, proxy in self.proxies.items()}
            case ("POST", ["proxies"]):
                return HTTPStatus.CREATED, (await self._create(values)).shown()
            case (_, ["proxies", name]):
                return await self._proxy(method, self._named(name), values)
            case (_, ["proxies", name, "toxics", *which]) if len(which) < 2:
                return self._toxics(method, self._named(name), which, values)
            case (_, ["version" | "reset" | "populate" | "proxies"]):
                raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "method not allowed")
        raise Refusal(HTTPStatus.NOT_FOUND, "404 page not found")

    async def _proxy(self, method: str, proxy: Proxy, values: Any) -> tuple[HTTPStatus, Any]:
        if method in {"POST", "PATCH"}:
            values = _given(values, dict)
            given = _enabled(values)
            enabled = proxy.enabled if given is None else given
            listen = _text(values, "listen") or proxy.listen
            upstream = _text(values, "upstream") or proxy.upstream
            address(listen)
            address(upstream)
            if (listen, upstream) != (proxy.listen, proxy.upstream):
                proxy.disable()
                proxy.listen, proxy.upstream = listen, upstream
            if enabled:
                await proxy.enable()
            else:
                proxy.disable()
        elif method == "DELETE":
            proxy.disable()
            del self.proxies[proxy.name]
            return HTTPStatus.NO_CONTENT, None
        elif method != "GET":
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "method not allowed")
        return HTTPStatus.OK, proxy.shown()

    def _toxics(
        self, method: str, proxy: Proxy, which: list[str], values: Any
    ) -> tuple[HTTPStatus, Any]:
        if not which:
            if method == "GET":
                return HTTPStatus.OK, proxy.shown_toxics()
            if method != "POST":
                raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "method not allowed")
            toxic = Toxic.parse(_given(values, dict))
            if any(each.name == toxic.name for each in proxy.toxics):
                raise Refusal(HTTPStatus.CONFLICT, "toxic already exists")
            proxy.add(toxic)
            return HTTPStatus.OK, toxic.shown()
        found = [each for each in proxy.toxics if each.name == which[0]]
        if not found:
            raise Refusal(HTTPStatus.NOT_FOUND, "toxic not found")
        toxic = found[0]
        if method == "DELETE":
            proxy.remove(toxic)
            return HTTPStatus.NO_CONTENT, None
        if method in {"POST", "PATCH"}:
            toxic.update(_given(values, dict))
            proxy.update(toxic)
        elif method != "GET":
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "method not allowed")
        return HTTPStatus.OK, toxic.shown()

    async def _create(self, values: Any) -> Proxy:
        proxy, enabled = _described(_given(values, dict))
        if proxy.name in self.proxies:
            raise Refusal(HTTPStatus.CONFLICT, "proxy already exists")
        if enabled:
            await proxy.enable()
        self.proxies[proxy.name] = proxy
        return proxy

    async def _populate(self, values: Any) -> tuple[HTTPStatus, Any]:
        described = [
            _described(wanted, f" at proxy {number}")
            for number, wanted in enumerate(_given(values, list), start=1)
        ]
        made: list[Proxy] = []
        try:
            for proxy, enabled in described:
                made.append(await self._put(proxy, enabled))
        except OSError as error:
            broken = HTTPStatus.INTERNAL_SERVER_ERROR
            said = {"error": str(error), "status": broken.value}
            return broken, {**said, "proxies": [proxy.shown() for proxy in made]}
        return HTTPStatus.CREATED, {"proxies": [proxy.shown() for proxy in made]}

    async def _put(self, proxy: Proxy, enabled: bool) -> Proxy:
        """Add a proxy; one of its name stays when its addresses are the same, else it goes.

        Raises OSError, and then the one of its name is there, disabled.
        """
        old = self.proxies.get(proxy.name)
        if old is not None:
            if (old.listen, old.upstream) == (proxy.listen, proxy.upstream):
                if proxy.toxics:
                    _swap_toxics(old, proxy.toxics)
                return old
            old.disable()
        if enabled:
            await proxy.enable()
        self.proxies[proxy.name] = proxy
        return proxy

    async def _reset(self) -> tuple[HTTPStatus, Any]:
        for proxy in self.proxies.values():
            _swap_toxics(proxy, [])
            await proxy.enable()
        return HTTPStatus.NO_CONTENT, None

    def _named(self, name: str) -> Proxy:
        if name not in self.proxies:
            raise Refusal(HTTPStatus.NOT_FOUND, "proxy not found")
        return self.proxies[name]


def _lowered(value: Any) -> Any:
    """The value with the keys of its objects in small letters: Go's JSON takes any."""
    if isinstance(value, dict):
        return {key.lower(): _lowered(each) for key, each in value.items()}
    return [_lowered(each) for each in value] if isinstance(value, list) else value


def _given(values: Any, kind: type) -> Any:
    """The values of a request's body.  Raises ValueError when it is no `kind`, or empty."""
    if not isinstance(values, kind):
        expected = "an array" if kind is list else "an object"
        raise ValueError(
            f"the body must be {expected}, got {json.dumps(values) if values else 'nothing'}"
        )
    return values


def _enabled(values: Any) -> bool | None:
    """Whether a proxy is to be enabled; None: the body does not say.  Raises ValueError."""
    enabled = values.get("enabled")
    if enabled is not None and not isinstance(enabled, bool):
        raise ValueError(f"enabled must be true or false, got {json.dumps(enabled)}")
    return enabled


def _described(values: Any, place: str = "") -> tuple[Proxy, bool]:
    """A proxy that is not open yet, and whether it is to be.  Raises Refusal, ValueError."""
    name, listen, upstream = (_text(values, key) for key in ("name", "listen", "upstream"))
    for field, value in (("name", name), ("upstream", upstream)):
        if not value:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"missing required field: {field}{place}")
    proxy = Proxy(name, listen or "127.0.0.1:0", upstream)
    address(proxy.listen)
    address(proxy.upstream)
    # Toxiproxy takes the toxics of a proxy's description, as `GET` shows it, and drops them.
    for each in values.get("toxics") or []:
        toxic = Toxic.parse(each)
        if any(other.name == toxic.name for other in proxy.toxics):
            raise Refusal(HTTPStatus.CONFLICT, "toxic already exists")
        proxy.add(toxic)
    return proxy, _enabled(values) is not False


def _text(values: Any, key: str) -> str:
    """A text of a request's body; empty when there is none.  Raises ValueError."""
    text = values.get(key)
    if text is not None and not isinstance(text, str):
        raise ValueError(f"{key} must be a text, got {json.dumps(text)}")
    return text or ""


def _swap_toxics(proxy: Proxy, toxics: list[Toxic]) -> None:
    for toxic in list(proxy.toxics):
        proxy.remove(toxic)
    for toxic in toxics:
        proxy.add(toxic)


async def _part(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, broken: wire.BrokenRequest
) -> None:
    """Answer, and read what the client still sends: bytes left unread would cut the answer off."""
    said = {"error": str(broken), "status": broken.status.value}
    with suppress(OSError, TimeoutError):
        writer.write(wire.response(broken.status, said, last=True))
        await writer.drain()
        writer.write_eof()
        async with asyncio.timeout(_PARTING_S):
            while await reader.read(1 << 16):
                pass
