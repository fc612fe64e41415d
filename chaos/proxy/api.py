"""Toxiproxy's HTTP API over diya's proxies."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any

from chaos.proxy import wire
from chaos.proxy.links import Proxy
from chaos.proxy.toxics import Toxic

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

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, for as long as its client keeps it."""
        try:
            while request := await wire.read(reader, writer):
                if request.browser:
                    # A page in a browser must not be able to reach this API.
                    no = {"error": "User agent not allowed"}
                    writer.write(wire.response(HTTPStatus.FORBIDDEN, no))
                    return
                status, body = await self._answer(request)
                writer.write(wire.response(status, body, bare=request.method == "HEAD"))
                await writer.drain()
                if request.last:
                    return
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.close()

    async def _answer(self, request: wire.Request) -> tuple[HTTPStatus, Any]:
        try:
            values = _lowered(json.loads(request.body)) if request.body.strip() else None
            method = "GET" if request.method == "HEAD" else request.method
            return await self._route(method, list(request.path), values)
        except Refusal as refusal:
            return refusal.status, {"error": str(refusal), "status": refusal.status.value}
        except (ValueError, TypeError, AttributeError) as error:
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
            case (_, ["proxies", name, "toxics", *which]):
                return self._toxics(method, self._named(name), which, values)
            case (_, ["version" | "reset" | "populate" | "proxies"]):
                raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "method not allowed")
        raise Refusal(HTTPStatus.NOT_FOUND, "404 page not found")

    async def _proxy(self, method: str, proxy: Proxy, values: Any) -> tuple[HTTPStatus, Any]:
        if method in {"POST", "PATCH"}:
            values = _given(values, dict)
            enabled = _enabled(values)
            moved = {"listen", "upstream"} & set(values)
            if any(values[key] != getattr(proxy, key) for key in moved):
                proxy.disable()
                for key in moved:
                    setattr(proxy, key, str(values[key]))
                await proxy.enable()
            if enabled is False:
                proxy.disable()
            elif enabled is True:
                await proxy.enable()
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
                return HTTPStatus.OK, [toxic.shown() for toxic in proxy.toxics]
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
        values = _given(values, dict)
        _required(values)
        name, upstream, enabled = values["name"], values["upstream"], _enabled(values)
        if name in self.proxies:
            raise Refusal(HTTPStatus.CONFLICT, "proxy already exists")
        proxy = Proxy(str(name), str(values.get("listen") or "127.0.0.1:0"), str(upstream))
        if enabled is not False:
            await proxy.enable()
        self.proxies[proxy.name] = proxy
        return proxy

    async def _populate(self, values: Any) -> tuple[HTTPStatus, Any]:
        made = []
        for number, wanted in enumerate(_given(values, list), start=1):
            _required(wanted, f" at proxy {number}")
        for wanted in values:
            old = self.proxies.get(str(wanted.get("name")))
            if old is not None:
                if (old.listen, old.upstream) == (wanted.get("listen"), wanted.get("upstream")):
                    made.append(old.shown())
                    continue
                old.disable()
                del self.proxies[old.name]
            made.append((await self._create(wanted)).shown())
        return HTTPStatus.CREATED, {"proxies": made}

    async def _reset(self) -> tuple[HTTPStatus, Any]:
        for proxy in self.proxies.values():
            for toxic in list(proxy.toxics):
                proxy.remove(toxic)
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


def _required(values: Any, place: str = "") -> None:
    """Raises Refusal unless a proxy's name and upstream are given."""
    for field in ("name", "upstream"):
        if not values.get(field):
            raise Refusal(HTTPStatus.BAD_REQUEST, f"missing required field: {field}{place}")
