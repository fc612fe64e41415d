"""The ids of sessions: ours, a UUID, or none so that the service makes one.

Ours say which conversation a session belongs to, and most services take them.  Some want a form of
their own and say so in words of their own: the next form is tried then, and the first one that
opens a session is kept.  A UUID is still ours to know before the session exists; an id that the
service makes is not, so it comes last.
"""

from __future__ import annotations

import uuid
from enum import IntEnum

from loadtests.adk.client import Answer
from loadtests.adk.manners import speaks_of_ids

_TROUBLES = 2
"""Errors without a word about ids, one after the other, that may be about the ids all the same."""
_PLAIN_OPENINGS = 3
"""Sessions that opened only in another form after such errors, until that form is kept."""
_NAMESPACE = uuid.UUID("6b1b6f0e-8a5c-4a56-9f0e-2d6f6b0c5d11")


class IdForm(IntEnum):
    """How a session gets its id, in the order in which they are tried."""

    OURS = 0
    UUID = 1
    SERVICE = 2
    """The service makes it."""


class SessionIds:
    """The form of ids that the service takes, learned from its answers."""

    def __init__(self) -> None:
        self._known: IdForm | None = None
        self._next = IdForm.OURS
        """The form of the next session while none is known."""
        self._troubles = 0
        """Errors without a word about ids, one after the other."""
        self._openings = 0
        """Sessions that opened only in another form than ours, no error having spoken of ids."""
        self._refusal: str | None = None
        """What the service said to an id of ours."""

    def form(self) -> IdForm:
        """The form of the session that is opened now; while none is known, the next is ours."""
        form = self._next if self._known is None else self._known
        self._next = IdForm.OURS
        return form

    def opened(self, form: IdForm) -> None:
        """A session was opened in this form."""
        if self._known is None:
            if form is not IdForm.OURS and self._troubles >= _TROUBLES:
                # Nothing was said of ids: the errors before may have passed by themselves.
                self._openings += 1
                self._known = form if self._openings == _PLAIN_OPENINGS else None
            else:
                self._known = form
        self._troubles = 0

    def refused(self, form: IdForm, answer: Answer, error: str | None) -> bool:
        """Whether this answer may be the refusal of an id, so that another form is worth a try."""
        if self._known is not None or form is IdForm.SERVICE or not self._may_refuse(answer):
            return False
        if form is IdForm.OURS:
            self._refusal = error
        self._next = IdForm(form + 1)
        return True

    def given_up(self, form: IdForm, error: str) -> str:
        """An error in this form, and before it the refusal of our ids where that led to it."""
        if self._known is not None or form is not IdForm.SERVICE or self._refusal in (None, error):
            return error
        return f"{self._refusal}; without an id: {error}"

    def _may_refuse(self, answer: Answer) -> bool:
        if answer.status in (400, 422):
            return True
        if answer.status not in (500, 501):
            return False
        if speaks_of_ids(answer):
            self._troubles = 0
            return True
        self._troubles += 1
        return self._troubles >= _TROUBLES


def in_form(form: IdForm, session: str) -> str | None:
    """The id to ask for, from the one of ours; None: the service makes it.

    The same session has the same UUID, so that a lost attempt can be told from a foreign session.
    """
    if form is IdForm.SERVICE:
        return None
    if form is IdForm.OURS:
        return session
    # The form of a random one (version 4), which is what services check for.
    return str(uuid.UUID(bytes=uuid.uuid5(_NAMESPACE, session).bytes, version=4))
