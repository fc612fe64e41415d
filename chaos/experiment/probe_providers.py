"""Probes other than those of `chaos.probes`: an HTTP call on this machine, a process's answer.

The Chaos Toolkit's own providers are not called.  Its HTTP provider obeys `HTTP_PROXY` and
`~/.netrc`, follows a redirect to any machine and has no limit of time.  Its process provider starts
a shell for a text, hands standard input on, writes the arguments (secrets too) to its log and
guesses the encoding of the answer.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from chaos.errors import ChaosError
from chaos.experiment.limited_process import run_limited
from chaos.faults.base import require_seconds
from reports.basics.addresses import is_loopback, without_password

TIMEOUT_S = 10.0
"""Of a probe that names none."""
MOST_RETRIES = 10
"""Retries of one question over a connection that fails."""

HTTP_KEYS = (
    *("type", "url", "method", "headers", "arguments", "timeout"),
    *("verify_tls", "max_retries", "secrets"),
)
PROCESS_KEYS = ("type", "path", "arguments", "timeout", "secrets")
_SHELL = frozenset("|&;<>()$`*?[]{}~#\n")
"""A string of arguments with one of these is meant for a shell."""


def http(
    provider: Mapping[str, Any],
    *,
    elsewhere: bool = False,
    extra_headers: Mapping[str, str] | None = None,
) -> Callable[[], dict[str, Any]]:
    """Asks a URL; answers with `status`, `headers` and `body` (an object when it is JSON).

    `extra_headers` are sent too, but not after a redirect, nor if the provider names them.
    Raises ValueError for an address that is not on this machine, unless it may be `elsewhere`, and
    for a wrong key.
    """
    url = provider["url"]
    if not isinstance(url, str) or urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise ValueError("url must be an http:// or https:// address")
    host = urllib.parse.urlsplit(url).hostname or ""
    if not (is_loopback(host) or (elsewhere and host)):
        raise ValueError(
            f"url must be a loopback address, got {without_password(url)!r}; other machines are "
            "called only at a --target, with --authorised --break-target"
        )
    headers = provider.get("headers") or {}
    if not isinstance(headers, dict):
        raise ValueError(f"headers must be a mapping, got {type(headers).__name__}")
    method = str(provider.get("method", "GET")).upper()
    timeout = timeout_of(provider)
    arguments = provider.get("arguments")
    if arguments and method == "GET":
        url += f"?{urllib.parse.urlencode(arguments)}"
    body = json.dumps(arguments).encode() if arguments and method != "GET" else None
    sent = {str(key): str(value) for key, value in headers.items()}
    if body is not None:
        sent.setdefault("Content-Type", "application/json")
    named = {name.lower() for name in sent}
    more = {name: each for name, each in (extra_headers or {}).items() if name.lower() not in named}

    retries = provider.get("max_retries", 0)
    if not isinstance(retries, int) or not 0 <= retries <= MOST_RETRIES:
        raise ValueError(f"max_retries must be from 0 to {MOST_RETRIES}, got {retries!r}")
    verify = provider.get("verify_tls", True)
    if not isinstance(verify, bool):
        raise ValueError(f"verify_tls must be true or false, got {verify!r}")
    # Never through a proxy of the environment, which would be another machine.
    handlers: list[urllib.request.BaseHandler] = [
        urllib.request.ProxyHandler({}),
        _Redirect(url),
    ]
    if not verify:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        handlers.append(urllib.request.HTTPSHandler(context=context))
    opener = urllib.request.build_opener(*handlers)

    def ask() -> dict[str, Any]:
        for left in range(retries, -1, -1):
            request = urllib.request.Request(url, data=body, headers=sent, method=method)
            for name, value in more.items():
                request.add_unredirected_header(name, value)
            try:
                with opener.open(request, timeout=timeout) as response:
                    return _answer(response.status, response.headers, response.read())
            except urllib.error.HTTPError as error:
                with error:
                    return _answer(error.code, error.headers, error.read())
            except urllib.error.URLError:
                if not left:
                    raise
        raise AssertionError("the last attempt returns or raises")

    return ask


class _Redirect(urllib.request.HTTPRedirectHandler):
    """Follows a redirect on this machine, or within the host that the file names.

    Raises ChaosError for any other, and for one that leaves HTTPS.
    """

    def __init__(self, url: str) -> None:
        self._named = urllib.parse.urlsplit(url)

    def redirect_request(self, *args: Any) -> urllib.request.Request | None:
        """As urllib calls it, with the new address last."""
        url = args[-1]
        to, named = urllib.parse.urlsplit(url), self._named.hostname or ""
        if is_loopback(named):
            allowed, wanted = is_loopback(to.hostname or ""), "a loopback address"
        else:
            same = to.hostname == named and to.scheme in ("https", self._named.scheme)
            allowed, wanted = same, f"{self._named.scheme}://{named}"
        if not allowed:
            raise ChaosError(f"the redirect must lead to {wanted}, got {without_password(url)!r}")
        return super().redirect_request(*args)


def _answer(status: int, headers: Any, body: bytes) -> dict[str, Any]:
    text: Any = body.decode(errors="replace")
    if headers.get_content_type() == "application/json":
        with contextlib.suppress(ValueError):
            text = json.loads(text)
    return {"status": status, "headers": dict(headers.items()), "body": text}


def process(provider: Mapping[str, Any], env: Mapping[str, str]) -> Callable[[], dict[str, Any]]:
    """Runs a program; answers with `status` (its exit code), `stdout` and `stderr`.

    Raises ValueError as `command` does.
    """
    words, timeout, path = command(provider), timeout_of(provider), provider["path"]

    def ask() -> dict[str, Any]:
        return run_limited(path, words, timeout, env=env).answer()

    return ask


def command(provider: Mapping[str, Any]) -> list[str]:
    """The words of a program's command line.

    No shell: `arguments` is a list, a mapping of options, or words in a text.  Raises ValueError
    when there is no such program, and for a wrong key.
    """
    path = provider["path"]
    program = shutil.which(os.path.expanduser(path)) if isinstance(path, str) else None
    if program is None:
        raise ValueError(f"path must be a program that can be run, got {path!r}")
    arguments = provider.get("arguments") or []
    if isinstance(arguments, str) and not _SHELL & set(arguments):
        arguments = shlex.split(arguments)
    if isinstance(arguments, dict):
        arguments = [part for pair in arguments.items() for part in pair]
    if not isinstance(arguments, list):
        raise ValueError("arguments must be a list or a mapping; no shell is started")
    return [program, *(str(part) for part in arguments if part not in (None, ""))]


def timeout_of(provider: Mapping[str, Any], default: float = TIMEOUT_S) -> float:
    """The limit of a call, in seconds.  Raises ValueError when it cannot be one."""
    timeout = provider.get("timeout", default)
    if isinstance(timeout, list) and timeout:  # to connect and to read
        timeout = max(timeout, key=lambda each: each if isinstance(each, int | float) else 0)
    require_seconds("timeout", timeout, least=0.001)
    return float(timeout)
