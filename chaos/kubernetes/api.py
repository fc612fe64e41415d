"""Requests to the API server of a cluster.

`kr8s` finds the server and proves who asks: by KUBECONFIG, `~/.kube/config` (tokens, certificates,
programs that fetch a token), or the service account of the pod that this runs in.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import anyio
import anyio.from_thread

from chaos.errors import ChaosConfigError, ChaosError
from chaos.kubernetes.objects import Document

_LOG = logging.getLogger(__name__)
_CONNECT_S = 15.0
_REQUEST_S = 10.0
_TRIES, _PAUSE_S = 4, 0.5
_PAGE = 500
_BUSY = (429, 500, 502, 503, 504)


class ApiError(ChaosError):
    """The API server refused a request, or gave no answer (`status` is None)."""

    def __init__(self, message: str, status: int | None) -> None:
        super().__init__(message)
        self.status = status


class Api:
    """The API server.  Safe to use from several threads."""

    def __init__(self, context: str | None = None) -> None:
        """Connect by the current context of the kubeconfig, or by `context`.

        Raises ChaosConfigError when there is no such context, or the server does not answer.
        """
        try:
            import kr8s.asyncio
        except ImportError:
            raise ChaosConfigError(
                "--fleet kubernetes: needs a package: pip install 'diya[kubernetes]'"
            ) from None
        self._kr8s = kr8s
        self._runner = anyio.from_thread.start_blocking_portal()
        self._portal = self._runner.__enter__()
        self._api: Any = None
        try:
            self._api = self._portal.call(self._connect, context)
        except Exception as error:
            self.close()
            wanted = "the current context" if context is None else f"--kube-context {context}"
            raise ChaosConfigError(
                f"no Kubernetes API server answers for {wanted} of KUBECONFIG, ~/.kube/config or "
                f"this pod's service account: {_reason(error)}"
            ) from None
        self.active_context: str | None = self._api.auth.active_context or None
        """The kubeconfig's context that is used; None: the service account of this pod is."""
        self.context: str = self.active_context or "in-cluster"
        """The same in words."""
        self.server: str = self._api.auth.server
        """The URL of the server."""

    @property
    def host(self) -> str:
        """The host of the server."""
        return urlsplit(self.server).hostname or ""

    def close(self) -> None:
        """Close the connections, and end their thread."""
        # kr8s has no method for it, and an open connection would be left to the garbage collector.
        session = getattr(self._api, "_session", None)
        if session is not None:
            self._portal.call(session.aclose)
        self._runner.__exit__(None, None, None)

    async def _connect(self, context: str | None) -> Any:
        with anyio.fail_after(_CONNECT_S):
            api = await self._kr8s.asyncio.api(context=context)
        api.timeout = _REQUEST_S
        return api

    def read(self, path: str, **params: str) -> Document:
        """One object or one page; tried again while the server is busy or away.

        Raises ApiError.
        """
        for rest in reversed(range(_TRIES)):
            try:
                return self._ask("GET", path, params)
            except ApiError as error:
                if rest == 0 or error.status not in (None, *_BUSY):
                    raise
                _LOG.info("Kubernetes: %s; asking again", error)
                time.sleep(_PAUSE_S)
        raise AssertionError("unreachable")

    def items(self, path: str, **params: str) -> Iterator[Document]:
        """Every object of a list, page by page.

        A list that expires between two pages (410) is read again from its beginning.  Raises
        ApiError.
        """
        for rest in reversed(range(_TRIES)):
            try:
                yield from self._pages(path, params)
                return
            except ApiError as error:
                if rest == 0 or error.status != 410:
                    raise

    def _pages(self, path: str, params: Mapping[str, str]) -> list[Document]:
        found: list[Document] = []
        where: dict[str, str] = {}
        while True:
            page = self.read(path, limit=str(_PAGE), **params, **where)
            found += page.get("items") or ()
            token = page.get("metadata", {}).get("continue")
            if not token:
                return found
            where = {"continue": token}

    def delete(self, path: str, options: Document) -> None:
        """Delete one object with `DeleteOptions`.  Raises ApiError."""
        self._ask("DELETE", path, {}, options)

    def merge(self, path: str, patch: Document) -> Document:
        """Change one object by a merge patch; the changed object.  Raises ApiError."""
        return self._ask("PATCH", path, {}, patch, "application/merge-patch+json")

    def create(self, path: str, document: Document) -> Document:
        """Send a new object, as of a review.  Raises ApiError."""
        return self._ask("POST", path, {}, document)

    def _ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        body: Document | None = None,
        content_type: str = "application/json",
    ) -> Document:
        async def ask() -> Any:
            base, _, last = path.rpartition("/")
            async with self._api.call_api(
                method,
                version="",
                base=base,
                url=last,
                params=dict(params),
                headers={"Content-Type": content_type},
                **({} if body is None else {"content": json.dumps(body)}),
            ) as response:
                return response.json()

        try:
            answer: Document = self._portal.call(ask)
        except Exception as error:
            response = getattr(error, "response", None)
            status = None if response is None else int(response.status_code)
            raise ApiError(
                f"the Kubernetes API server answered {method} {path} with {_reason(error)}", status
            ) from None
        return answer


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None)
    said = str(error) or type(error).__name__
    return said if response is None else f"HTTP {response.status_code}: {said}"
