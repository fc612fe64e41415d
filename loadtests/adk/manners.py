"""Adapts the form of a request to the server, since some accept less than ADK's own.

ADK's server in Python accepts `customMetadata` and both spellings of a field; others refuse unknown
fields or need `session_id`.  The richest form is tried first.  When it is refused, and no form was
ever accepted, a plainer one is tried.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from loadtests.adk.client import Answer

_METADATA = "customMetadata"
_NAMES_METADATA = re.compile(rb"custom_?metadata", re.IGNORECASE)
_IDS = re.compile(
    rb"session[\s_-]?id|\b(id|ids|uuid|guid|ulid|identifier|object_?id)\b|hexadecimal|\bhex\b",
    re.IGNORECASE,
)
_NO_SESSION = re.compile(
    rb"session[^.;{}]{0,80}?(not[\s_-]?(be )?found|does(n't| not) exist|(is )?unknown|is gone|"
    rb"(has )?expired)|(no such|unknown|no|find( the)?) session\b(?! (store|service))"
    rb"|session_?not_?found",
    re.IGNORECASE,
)
_TROUBLE = re.compile(
    rb"connect|refused|timed? ?out|unavailable|redis|database|backend|host|dial|storage|loading",
    re.IGNORECASE,
)


class TurnForm:
    """The form of a turn request that the server accepts, learned from its answers."""

    def __init__(self, spellings: int = 2) -> None:
        """`spellings`: with 1, only the first spelling of the fields is tried."""
        spelled = (False, True)[:spellings]
        self._forms = [(metadata, snake) for snake in spelled for metadata in (True, False)]
        """(with the turn's id as metadata, in snake_case), in the order of the attempts."""
        self._is_known = False

    def forms(self) -> list[tuple[bool, bool]]:
        """The forms to try, in order; only one after the server has accepted a turn."""
        return self._forms[:1] if self._is_known else list(self._forms)

    def accepted(self, form: tuple[bool, bool]) -> None:
        """The server accepted a turn of this form: use it for every later turn."""
        if not self._is_known:
            self._forms, self._is_known = [form], True


def body(request: Mapping[str, Any], form: tuple[bool, bool]) -> dict[str, Any]:
    """The body of a turn in this form."""
    metadata, snake = form
    kept = {key: value for key, value in request.items() if metadata or key != _METADATA}
    return {_snake(key): value for key, value in kept.items()} if snake else kept


def refuses_fields(answer: Answer) -> bool:
    """Whether the answer may refuse a field of the request, which was then not executed."""
    if answer.status in (400, 422):
        return bool(answer.body.strip())
    # After a 5xx the turn may have begun, unless the message says why it did not.
    return answer.status in (500, 501) and bool(_NAMES_METADATA.search(answer.body[:4000]))


def speaks_of_ids(answer: Answer) -> bool:
    """Whether an error message may be about the id of a session."""
    return _IDS.search(answer.body[:2000]) is not None


def misses_session(answer: Answer) -> bool:
    """Whether the answer says that the session does not exist: 404, or an error message.

    A server that cannot reach its store has another message, and has not lost the session.
    """
    if answer.status == 404:
        return True
    if answer.status not in (400, 403, 410, 422, 500):
        return False
    return speaks_of_missing_session(answer.body[:2000])


def speaks_of_missing_session(said: bytes) -> bool:
    """Whether an error message says that the session does not exist."""
    return _NO_SESSION.search(said) is not None and _TROUBLE.search(said) is None


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: f"_{found[1].lower()}", name)


def is_listed(sessions: Any, session: str) -> bool | None:
    """Whether a server's list of a user's sessions contains a session.

    None when the answer is not such a list, or has a session without an id.
    """
    if isinstance(sessions, dict):
        sessions = sessions.get("sessions")
    if not isinstance(sessions, list):
        return None
    ids = [each.get("id") if isinstance(each, dict) else None for each in sessions]
    return None if None in ids else session in [str(each) for each in ids]
