"""The model of ShopMax's agent, by the environment that the replicas inherit."""

from __future__ import annotations

import os


def name() -> str:
    """The model of ShopMax's agent in the replicas, which inherit diya's environment."""
    named = os.environ.get("DIYA_MODEL", "scripted")
    if named != "scripted":
        return named
    first_token = os.environ.get("DIYA_MODEL_TTFT_MS", "60")
    rate = os.environ.get("DIYA_MODEL_TOKENS_PER_S", "600")
    return f"scripted: first token lognormal around {first_token} ms, then {rate} tokens/s"
