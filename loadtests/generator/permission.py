"""Whether this process may put load on a target: freely on its own machine, else by permission."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

AUTHORISED = "DIYA_AUTHORISED"
"""Set to 1 where this process may put load on a target that is not on its machine."""


def check_target(target: str, how: str) -> None:
    """Raise ValueError, one sentence, unless load may go to `target`; `how` says what would help.

    A name other than `localhost` is elsewhere, whatever it resolves to.
    """
    host = urlsplit(target).hostname or ""
    try:
        near = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        near = False
    if not near and os.environ.get(AUTHORISED) != "1":
        raise ValueError(
            f"target host {host!r}: it is not on this machine; load goes there only with {how}"
        )
