"""What the model was really shown, in a form that a reply can carry.

`digest` and `chain` must equal those of the harness (a test holds them together): the service
stays importable without the harness, so the dozen lines stand here once more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

METADATA_KEY = "diya_seen"
"""The key in a reply's custom metadata: `[number of customer messages, chain of digests]`."""

SAID_KEY = "diya_said"
"""The key in a reply's custom metadata: the digest of the text that the model gave."""


def digest(text: str) -> str:
    """16 hex digits of SHA-256 over the UTF-8 text, outer white space removed."""
    return hashlib.sha256(text.strip().encode()).hexdigest()[:16]


def chain(digests: Iterable[str]) -> str:
    """Roll digests into one: h(k) = digest(h(k-1) + d(k)), h(0) = ''."""
    rolled = ""
    for item in digests:
        rolled = digest(rolled + item)
    return rolled


def testimony(messages: Iterable[str]) -> list[int | str]:
    """The witness for these customer messages, oldest first."""
    digests = [digest(message) for message in messages]
    return [len(digests), chain(digests)]
