"""The errors of this folder.

RepliesError (a ValueError)
    A file or an option that cannot be used; one sentence for a person.
Unsatisfiable (a ValueError)
    A schema for which no value was found.
"""

from __future__ import annotations


class RepliesError(ValueError):
    """A file or an option that cannot be used; the text is one sentence."""


class Unsatisfiable(ValueError):
    """No value was found that a schema allows."""
