"""Parses the address of the target service.  Pure, because every command line imports it."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qs, urlsplit

from reports.basics.addresses import AROUND, without_password

_PAGES = (
    *("dev-ui", "docs", "redoc", "openapi.json", "list-apps", "apps", "run", "run_sse", "run_live"),
    *("health", "healthz", "readyz", "livez", "version", "debug", "index.html"),
    ".well-known",
)
"""Path prefixes of pages and calls of ADK's server, which are not part of its address."""
_EXPECTED = "target must be http://HOST:PORT or https://HOST"


def address(url: str) -> SplitResult:
    """The parts of a service's address.  Raises ValueError, one sentence, for a bad address."""
    name = _without_query(without_password(url))
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        good = good and not parts.netloc.endswith(":")
    except ValueError:  # a port above 65535, half of an IPv6 address
        raise ValueError(f"{_EXPECTED}, got '{name}'{_with_scheme(url)}") from None
    # It is copied into every request's head, so it must be printable ASCII without spaces.
    if not good or not re.fullmatch(r"[!-~]+", url):
        raise ValueError(f"{_EXPECTED}, got '{name}'{_with_scheme(url)}")
    base = _base(parts)
    if parts.query or parts.fragment or base != parts.path.rstrip("/"):
        app = _app(parts)
        give = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{base}"
        and_app = f" and --app {app}" if app else ""
        raise ValueError(
            f"target must be the address of the server ({give}{and_app}), "
            f"got that of a page: '{name}'"
        )
    if "@" in parts.netloc:
        raise ValueError(
            "target must hold no user and no password, which go into an environment variable for "
            f"--header Authorization=VARIABLE, got '{name}'"
        )
    return parts


def _without_query(url: str) -> str:
    """The address without its query, which often holds a key, as a fragment may."""
    before, question, query = url.partition("?")
    shown = f"{before}?…" if question and query else url
    before, hash_sign, fragment = shown.partition("#")
    return f"{before}#…" if hash_sign and "=" in fragment else shown


def _with_scheme(url: str) -> str:
    """A suggestion for an address whose scheme is missing or mistyped, or with quotes around it."""
    bare = url.strip(AROUND).removeprefix("view-source:")
    scheme = "https" if bare[:5].lower() == "https" else "http"
    rest = re.sub(r"(?i)^(?:h?t{1,2}ps?:/{0,2}|//)", "", bare)
    found = re.fullmatch(r"([\w.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?([/?#][!-~]*)?", rest, re.ASCII)
    if found is None or "@" in rest:
        return ""
    host, port, _ = found.groups()
    if scheme == "http" and port is None and "." in host and not host[0].isdigit():
        scheme = "https"
    if port is None and "." not in host and host != "localhost" and host[0] != "[":
        return ""
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        if parts.port == 0:
            return ""
    except ValueError:
        return ""
    return f" (did you mean {scheme}://{parts.netloc}{_base(parts)}?)"


def _base(parts: SplitResult) -> str:
    """The path before a page's first part, since a server may be below a gateway's path."""
    kept: list[str] = []
    for part in parts.path.rstrip("/").split("/"):
        if part in _PAGES:
            break
        kept.append(part)
    return "/".join(kept)


def _app(parts: SplitResult) -> str | None:
    """The agent that the page is about."""
    for text in (parts.query, parts.fragment.rpartition("?")[2]):
        if named := parse_qs(text).get("app"):
            return named[0] if re.fullmatch(r"[\w.-]+", named[0]) else None
    found = re.search(r"/apps/([\w.-]+)", parts.path)
    return found[1] if found else None
