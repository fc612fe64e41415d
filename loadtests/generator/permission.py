"""Checks that load may go to a target: always on this machine, else only with permission."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from reports.basics.addresses import is_loopback

AUTHORISED = "DIYA_AUTHORISED"
"""The variable to set to 1 to permit load on a target that is not on this machine."""


def check_target(target: str, how: str) -> None:
    """Raise ValueError, one sentence, unless load may go to `target`; `how` names the permission.

    A name other than `localhost` counts as another machine, even if it resolves to this one.
    """
    host = urlsplit(target).hostname or ""
    if not is_loopback(host) and os.environ.get(AUTHORISED) != "1":
        raise ValueError(
            f"target host {host!r}: it is not on this machine; load goes there only with {how}"
        )
