"""The ids of sessions: the client's own, a UUID, or none so that the service makes one.

The client's own ids name the conversation, and most services accept them.  Some need another form
and refuse the session with a message of their own.  Then the next form is tried, and the first
form that opens a session is kept.  A UUID is still known before the session exists; an id made by
the service is not, so it comes last.
"""

from __future__ import annotations

import uuid
from enum import IntEnum

from loadtests.adk.client import Answer
from loadtests.adk.manners import speaks_of_ids

_TROUBLES = 2
"""This many consecutive errors that do not mention ids may still be about the ids."""
_PLAIN_OPENINGS = 3
"""This many sessions must open only in another form after such errors before that form is kept."""
_NAMESPACE = uuid.UUID("6b1b6f0e-8a5c-4a56-9f0e-2d6f6b0c5d11")


class IdForm(IntEnum):
    """The forms of a session's id, in the order of the attempts."""

    CONVERSATION = 0
    """The name of the conversation, from the plan."""
    UUID = 1
    SERVICE = 2
    """The service makes it."""


class SessionIds:
    """The form of ids that the service accepts, learned from its answers."""

    def __init__(self) -> None:
        self._known: IdForm | None = None
        self._next = IdForm.CONVERSATION
        """The form for the next session while none is known."""
        self._troubles = 0
        """Consecutive errors that do not mention ids."""
        self._openings = 0
        """Sessions that opened only in another form, without an error that mentions ids."""
        self._refusal: str | None = None
        """The service's refusal of the client's own id."""

    @property
    def settled(self) -> IdForm:
        """The form that the service accepts; CONVERSATION while none is known."""
        return IdForm.CONVERSATION if self._known is None else self._known

    def form(self) -> IdForm:
        """The form for the session being opened; while none is known, the next is CONVERSATION."""
        form = self._next if self._known is None else self._known
        self._next = IdForm.CONVERSATION
        return form

    def opened(self, form: IdForm) -> None:
        """A session was opened in this form."""
        if self._known is None:
            if form is not IdForm.CONVERSATION and self._troubles >= _TROUBLES:
                # No error mentioned ids: the earlier errors may have been temporary.
                self._openings += 1
                self._known = form if self._openings == _PLAIN_OPENINGS else None
            else:
                self._known = form
        self._troubles = 0

    def refused(self, form: IdForm, answer: Answer, error: str | None) -> bool:
        """Whether this answer may refuse the id, so that another form should be tried."""
        if self._known is not None or form is IdForm.SERVICE or not self._may_refuse(answer):
            return False
        if form is IdForm.CONVERSATION:
            self._refusal = error
        self._next = IdForm(form + 1)
        return True

    def given_up(self, form: IdForm, error: str) -> str:
        """An error in this form, preceded by the refusal of the client's own id, if any."""
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
    """The id to request, from the client's own id; None: the service makes it.

    The same session has the same UUID, so that a lost attempt and a foreign session differ.
    """
    if form is IdForm.SERVICE:
        return None
    if form is IdForm.CONVERSATION:
        return session
    # In the form of a random UUID (version 4), which services check for.
    return str(uuid.UUID(bytes=uuid.uuid5(_NAMESPACE, session).bytes, version=4))
