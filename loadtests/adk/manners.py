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
from loadtests.adk.json_codec import is_page

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
_ABSENT = re.compile(
    rb"session[^{}]{0,120}?(record not found|no rows in result set|redis: nil|no documents in"
    rb" result|no row was found)",
    re.IGNORECASE,
)
"""Messages of database drivers about a row that is not there."""
_NO_ROUTE = re.compile(
    rb"page not found|default backend|no route|route not found|cannot (get|post|delete) /",
    re.IGNORECASE,
)
"""Messages of gateways about a path without a route, as while they are set up anew."""
_EXISTS = re.compile(
    rb"already[\s_-]?(exists?|in use|taken)|duplicate (key|entry)|unique constraint|E11000",
    re.IGNORECASE,
)
_WORDLESS = re.compile(
    rb'\s*\{(?=.*"error"\s*:\s*"Internal Server Error")(?=.*"path"\s*:)', re.DOTALL
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


def body(request: dict[str, Any], form: tuple[bool, bool]) -> dict[str, Any]:
    """The body of a turn in this form."""
    metadata, snake = form
    if metadata and not snake:
        return request
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

    A server that cannot reach its store has another message, and has not lost the session.  A
    gateway's 404 is not the server's.
    """
    if answer.status == 404:
        return not is_of_a_gateway(answer)
    if answer.status not in (400, 403, 410, 422, 500):
        return False
    return speaks_of_missing_session(answer.body[:2000])


def speaks_of_missing_session(said: bytes) -> bool:
    """Whether an error message says that the session does not exist."""
    if _ABSENT.search(said):
        return True
    return _NO_SESSION.search(said) is not None and _TROUBLE.search(said) is None


def is_of_a_gateway(answer: Answer) -> bool:
    """Whether a 404 is about the path, not about a session: a page, or a gateway's words."""
    body = answer.body[:2000]
    return answer.status == 404 and (is_page(body) or _NO_ROUTE.search(body) is not None)


def session_exists(answer: Answer) -> bool:
    """Whether a session was not created because one of its id exists."""
    if answer.status == 409:
        return True
    return answer.status in (400, 422, 500) and _EXISTS.search(answer.body[:2000]) is not None


def hides_its_reason(answer: Answer) -> bool:
    """Whether a 500 is Spring's, which leaves out why: perhaps there is no such session."""
    return answer.status == 500 and _WORDLESS.match(answer.body[:2000]) is not None


def session_name(session: Mapping[str, Any]) -> str | None:
    """The id of a session, under any of the servers' names for it."""
    for key in ("id", "sessionId", "session_id"):
        named = session.get(key)
        if isinstance(named, str | int) and not isinstance(named, bool) and named != "":
            return str(named)
    inner = session.get("session")
    return session_name(inner) if isinstance(inner, dict) else None


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: f"_{found[1].lower()}", name)


def is_listed(sessions: Any, session: str) -> bool | None:
    """Whether a server's list of a user's sessions contains a session.

    None when the answer is not such a list, is a page of it without the session, or has a session
    without an id.
    """
    more: Any = None
    if isinstance(sessions, dict):
        more = sessions.get("nextPageToken") or sessions.get("next_page_token")
        if "sessions" not in sessions:
            return None
        sessions = sessions["sessions"]
    if sessions is None:
        sessions = []  # Go's empty list
    if not isinstance(sessions, list):
        return None
    ids = [session_name(each) if isinstance(each, dict) else None for each in sessions]
    if session in ids:
        return True
    return None if more or None in ids else False
