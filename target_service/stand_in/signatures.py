"""Thought signatures: issued with a reply, and checked when a later request brings them back.

A signature proves itself, so that a stand-in that was restarted still knows those it issued.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

from target_service.stand_in.call import Item

_KEY = b"diya: the stand-in for the model"
"""It guards against damage and not against forgery, so that it is no secret."""
_NONCE = 32
_CHECK = 32


def issue(seed: str, name: str) -> str:
    """A signature in base64, for a call of the tool `name`, or for a text when `name` is empty."""
    nonce = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return base64.b64encode(nonce + _check(nonce, name)).decode()


def count(items: Iterable[Item]) -> tuple[int, int]:
    """How many signatures came back as they were issued, and how many were changed."""
    returned = changed = 0
    for item in items:
        if item.signature:
            if _is_issued(item.signature, item.name):
                returned += 1
            else:
                changed += 1
    return returned, changed


def _is_issued(signature: str, name: str) -> bool:
    try:
        # Clients write base64 for URLs too, with or without padding.
        text = signature.replace("-", "+").replace("_", "/").rstrip("=")
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    if len(raw) != _NONCE + _CHECK:
        return False
    return hmac.compare_digest(raw[_NONCE:], _check(raw[:_NONCE], name))


def _check(nonce: bytes, name: str) -> bytes:
    return hmac.digest(_KEY, nonce + name.encode(), "sha256")[:_CHECK]
