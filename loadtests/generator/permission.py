"""Whether this process may put load on a target: freely on its own machine, else by permission."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from reports.basics.addresses import is_loopback

AUTHORISED = "DIYA_AUTHORISED"
"""Set to 1 where this process may put load on a target that is not on its machine."""


def check_target(target: str, how: str) -> None:
    """Raise ValueError, one sentence, unless load may go to `target`; `how` says what would help.

    A name other than `localhost` is elsewhere, whatever it resolves to.
    """
    host = urlsplit(target).hostname or ""
    if not is_loopback(host) and os.environ.get(AUTHORISED) != "1":
        raise ValueError(
            f"target host {host!r}: it is not on this machine; load goes there only with {how}"
        )
