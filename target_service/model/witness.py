"""The witness: a short proof, carried by each reply, of the messages that the model was shown.

`digest` and `chain` must equal those of the harness (a test compares them).  The dozen lines are
repeated here so that the service can be imported without the harness.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

METADATA_KEY = "diya_seen"
"""The key in a reply's custom metadata: `[number of customer messages, chain of digests]`."""

SAID_KEY = "diya_said"
"""The key in a reply's custom metadata: the digest of the model's text."""


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
