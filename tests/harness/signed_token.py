"""Tokens as a gateway wants them: JWTs, signed with HMAC-SHA256, that expire.

`python -m tests.harness.signed_token FILE SECONDS` prints one that is valid so long, and appends it
to FILE; its key is in SIGNING_KEY.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def made(key: str, lifetime_s: float) -> str:
    """A token that is valid from now on for so many seconds."""
    now = time.time()
    claims = {"iat": now, "exp": now + lifetime_s}
    signed = f"{_base64(b'{}')}.{_base64(json.dumps(claims).encode())}"
    return f"{signed}.{_signature(key, signed)}"


def claims_of(key: str, token: str) -> dict[str, Any] | None:
    """The claims of a token with a right signature; None for any other."""
    signed, _, signature = token.rpartition(".")
    if signature != _signature(key, signed):
        return None
    body = signed.partition(".")[2]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def _signature(key: str, signed: str) -> str:
    return _base64(hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


if __name__ == "__main__":
    token = made(os.environ["SIGNING_KEY"], float(sys.argv[2]))
    with Path(sys.argv[1]).open("a") as issued:
        print(token, file=issued)
    print(token)
