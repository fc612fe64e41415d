"""The three kinds of patches, as far as tests need them."""

from __future__ import annotations

from typing import Any

from tests.kubernetes_api.store import Refused

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON = "application/json-patch+json"


def apply(content_type: str, document: dict[str, Any], patch: Any) -> None:
    """Patch in place.  Raises Refused for another content type (415) or a bad path (422)."""
    if content_type in (MERGE, STRATEGIC):
        # They differ for lists of containers and the like, which no test patches.
        merge(document, patch)
    elif content_type == JSON:
        for step in patch:
            _step(document, step)
    else:
        raise Refused(415, "UnsupportedMediaType", f"unsupported media type {content_type}")


def merge(document: dict[str, Any], patch: dict[str, Any]) -> None:
    """RFC 7386."""
    for key, value in patch.items():
        if value is None:
            document.pop(key, None)
        elif isinstance(value, dict):
            inner = document.setdefault(key, {})
            if not isinstance(inner, dict):
                inner = document[key] = {}
            merge(inner, value)
        else:
            document[key] = value


def _step(document: dict[str, Any], step: dict[str, Any]) -> None:
    """RFC 6902: add, replace, remove and test, in objects."""
    *way, last = [e.replace("~1", "/").replace("~0", "~") for e in step["path"].split("/")[1:]]
    place: Any = document
    try:
        for key in way:
            place = place[key]
        if step["op"] in ("add", "replace"):
            place[last] = step["value"]
        elif step["op"] == "remove":
            del place[last]
        elif step["op"] == "test" and place.get(last) != step["value"]:
            raise Refused(422, "Invalid", f"test of {step['path']} failed")
    except KeyError:
        raise Refused(422, "Invalid", f"no such path: {step['path']}") from None
