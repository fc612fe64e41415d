"""The environment that makes an unmodified agent call the stand-in instead of its model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit


def variables(url: str, key: str, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Name -> value.  `url` is the stand-in's address, `key` the API key that the agent sends.

    Every variable that chooses another way to a model is set too, because an agent's own `.env`
    file fills what is unset.  Of `environ` only the hosts that need no proxy are kept.
    """
    base = url.rstrip("/")
    direct = ",".join(filter(None, (_without_proxy(environ), urlsplit(base).hostname)))
    return {
        "GOOGLE_GENAI_USE_VERTEXAI": "0",
        "GOOGLE_GENAI_USE_ENTERPRISE": "0",
        "GOOGLE_API_KEY": key,
        "GEMINI_API_KEY": key,
        "GOOGLE_GEMINI_BASE_URL": base,
        "GOOGLE_VERTEX_BASE_URL": base,
        "GEMINI_API_BASE": f"{base}/v1beta",
        "OPENAI_API_KEY": key,
        "OPENAI_API_BASE": f"{base}/v1",
        "OPENAI_BASE_URL": f"{base}/v1",
        "AZURE_API_KEY": key,
        "AZURE_API_BASE": base,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


def _without_proxy(environ: Mapping[str, str]) -> str:
    return environ.get("NO_PROXY") or environ.get("no_proxy") or ""
