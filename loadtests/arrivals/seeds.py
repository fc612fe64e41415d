"""Seeds derived from other seeds: stable across processes, machines and Python versions."""

from __future__ import annotations

import hashlib


def derive(*parts: int | str) -> int:
    """A 48-bit seed from `parts` (built-in `hash` differs from process to process)."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")
