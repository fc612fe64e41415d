"""The names of the keys.  Ids are percent-encoded, so that no id can produce another id's key."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote


def _safe(text: str) -> str:
    return quote(text, safe="")


class SessionId(NamedTuple):
    """The identity of a session; hashable, so that it can key a cache."""

    app: str
    user: str
    session: str


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one session, of its user and of its app.

    A user's keys, sessions included, share a hash tag, so that a cluster keeps them in one slot
    and one script can access them all.  The app's keys share another; no script accesses both.
    """

    meta: str
    events: str
    lease: str
    index: str
    """Sorted set of the user's sessions, by expiry (ms)."""
    user_state: str
    users: str
    """Sorted set of the app's users, by a time after the expiry of their newest session (ms)."""
    app_state: str
    carried: str
    """The session's revision up to which its changes have been copied to the app's state."""


@lru_cache(maxsize=1024)
def keys(prefix: str, name: SessionId) -> Keys:
    """The keys of this session."""
    app, user, session = _safe(name.app), _safe(name.user), _safe(name.session)
    of_user, of_app = f"{{{app}/{user}}}", f"{{{app}/}}"
    return Keys(
        meta=f"{prefix}:m:{of_user}/{session}",
        events=f"{prefix}:e:{of_user}/{session}",
        lease=f"{prefix}:l:{of_user}/{session}",
        index=f"{prefix}:i:{of_user}",
        user_state=f"{prefix}:u:{of_user}",
        users=f"{prefix}:x:{of_app}",
        app_state=f"{prefix}:a:{of_app}",
        carried=f"{prefix}:c:{of_app}{user}/{session}",
    )
