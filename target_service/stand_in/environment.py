"""The environment that makes an unmodified agent call the stand-in instead of its model."""

from __future__ import annotations

from urllib.parse import urlsplit


def variables(url: str, key: str) -> dict[str, str]:
    """Name -> value.  `url` is the stand-in's address, `key` the API key that the agent sends.

    Every variable that chooses another way to a model is set too, because an agent's own `.env`
    file fills what is unset.
    """
    base = url.rstrip("/")
    host = urlsplit(base).hostname or ""
    return {
        "GOOGLE_GENAI_USE_VERTEXAI": "0",
        "GOOGLE_GENAI_USE_ENTERPRISE": "0",
        "GOOGLE_API_KEY": key,
        "GEMINI_API_KEY": key,
        "GOOGLE_GEMINI_BASE_URL": base,
        "GOOGLE_VERTEX_BASE_URL": base,
        "OPENAI_API_KEY": key,
        "OPENAI_API_BASE": f"{base}/v1",
        "OPENAI_BASE_URL": f"{base}/v1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "NO_PROXY": host,
        "no_proxy": host,
    }
