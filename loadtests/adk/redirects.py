"""Redirects: followed within the target's own address, never to another one.

Load must reach no address that was not given on the command line, so a redirect elsewhere is an
error whose sentence names the address to give instead.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urljoin, urlsplit

from reports.basics.addresses import origin, without_password

MOST = 3
"""Redirects of one request."""
_AGAIN = frozenset({301, 302, 307, 308})
"""The request may be sent again as it is; after 303 another one would be due."""


def is_redirect(status: int | None) -> bool:
    """Whether an answer with this status says where to ask instead."""
    return status in _AGAIN or status == 303


def followed(base: SplitResult, path: str, status: int | None, location: str) -> str | None:
    """The path to ask instead of `path`; None: it is not at the same scheme, host and port."""
    if status not in _AGAIN:
        return None
    try:
        there = _resolved(base, path, location)
        same = origin(there) == origin(base)
    except ValueError:  # a port above 65535, half of an IPv6 address
        return None
    asked = (there.path or "/") + (f"?{there.query}" if there.query else "")
    # It is copied into the request's head.
    return asked if same and re.fullmatch(r"[!-~]+", asked) else None


def refusal(base: SplitResult, path: str, location: str) -> str:
    """Why a redirect is not followed, with the address to give as the target if it is known."""
    try:
        there = _resolved(base, path, location)
        server = f"{there.scheme}://{there.netloc.rpartition('@')[2]}"
        other = origin(there) != origin(base)
    except ValueError:
        return f"it redirects to {without_password(location)!r}, which is no address"
    told = f"it redirects to {server}{there.path}"
    if not other:
        return f"{told} again and again, or for another request; the target must answer itself"
    asked = path.partition("?")[0].removeprefix(base.path.rstrip("/"))
    if not there.path.endswith(asked):
        return f"{told}, another address, which is not followed; the target must answer itself"
    give = server + there.path.removesuffix(asked)
    return f"it redirects to another address, not followed; give --target {give} if you may"


def _resolved(base: SplitResult, path: str, location: str) -> SplitResult:
    return urlsplit(urljoin(f"{base.scheme}://{base.netloc}{path}", location))
