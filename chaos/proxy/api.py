"""Toxiproxy's HTTP API over our proxies."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any

from chaos.proxy.links import Proxy
from chaos.proxy.toxics import Toxic

VERSION = "2.9.0"
"""The release of Toxiproxy whose API this is."""
_MOST_BYTES = 1 << 20


class Refusal(Exception):
    """An answer other than success."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Browser(Exception):
    """A request of a browser."""


class Api:
    """Answers requests; holds the proxies."""

    def __init__(self) -> None:
        self.proxies: dict[str, Proxy] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, for as long as its client keeps it."""
        try:
            while request := await _read(reader):
                status, body = await self._answer(*request)
                writer.write(_response(status, body))
                await writer.drain()
        except _Browser:
            # A page that a browser shows must not be able to reach this.
            writer.write(_response(HTTPStatus.FORBIDDEN, {"error": "User agent not allowed"}))
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.close()

    async def _answer(self, method: str, path: str, raw: bytes) -> tuple[HTTPStatus, Any]:
        try:
            values = json.loads(raw) if raw.strip() else {}
            return await self._route(method, [part for part in path.split("/") if part], values)
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
        raise Refusal(HTTPStatus.NOT_FOUND, "404 page not found")

    async def _proxy(self, method: str, proxy: Proxy, values: Any) -> tuple[HTTPStatus, Any]:
        if method in {"POST", "PATCH"}:
            moved = {"listen", "upstream"} & set(values)
            if any(values[key] != getattr(proxy, key) for key in moved):
                proxy.disable()
                for key in moved:
                    setattr(proxy, key, str(values[key]))
                await proxy.enable()
            if values.get("enabled") is False:
                proxy.disable()
            elif values.get("enabled") is True:
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
            toxic = Toxic.parse(values)
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
            toxic.update(values)
            proxy.update(toxic)
        return HTTPStatus.OK, toxic.shown()

    async def _create(self, values: Any) -> Proxy:
        name, upstream = values.get("name"), values.get("upstream")
        for field, value in (("name", name), ("upstream", upstream)):
            if not value:
                raise Refusal(HTTPStatus.BAD_REQUEST, f"missing required field: {field}")
        if name in self.proxies:
            raise Refusal(HTTPStatus.CONFLICT, "proxy already exists")
        proxy = Proxy(str(name), str(values.get("listen") or "127.0.0.1:0"), str(upstream))
        if values.get("enabled", True):
            await proxy.enable()
        self.proxies[proxy.name] = proxy
        return proxy

    async def _populate(self, values: Any) -> tuple[HTTPStatus, Any]:
        made = []
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


async def _read(reader: asyncio.StreamReader) -> tuple[str, str, bytes] | None:
    """Method, path and body of the next request; None at the end."""
    line = await reader.readline()
    if not line.strip():
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    length = 0
    while (header := await reader.readline()).strip():
        name, _, value = header.decode("latin-1").partition(":")
        if name.strip().lower() == "content-length":
            length = int(value)
        elif name.strip().lower() == "user-agent" and value.strip().startswith("Mozilla/"):
            raise _Browser
    if not 0 <= length <= _MOST_BYTES:
        raise ValueError("too long")
    return method, target.partition("?")[0], await reader.readexactly(length)


def _response(status: HTTPStatus, body: Any) -> bytes:
    text = b"" if body is None else json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "content-type: application/json\r\n"
        f"content-length: {len(text)}\r\n\r\n"
    )
    return head.encode() + text
