"""An agent's card: its version of A2A, whether it streams, and the path of its calls.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

PATHS = ("/.well-known/agent-card.json", "/.well-known/agent.json")


@dataclass(frozen=True, slots=True)
class Card:
    """The contents of a card."""

    newer: bool
    """Whether it offers version 1."""
    streams: bool
    path: str
    """The path of the calls below the target's."""


def read(card: Any, target: SplitResult) -> Card | None:
    """The card of the agent at `target`; None for anything else than an object."""
    if not isinstance(card, dict):
        return None
    capabilities = card.get("capabilities")
    silent = isinstance(capabilities, dict) and capabilities.get("streaming") is False
    versions, urls = [card.get("protocolVersion")], [card.get("url")]
    for each in card.get("supportedInterfaces") or []:
        if isinstance(each, dict) and each.get("protocolBinding", "JSONRPC") == "JSONRPC":
            versions.append(each.get("protocolVersion"))
            urls.append(each.get("url"))
    paths = [_below(url, target) for url in urls if isinstance(url, str)]
    return Card(
        newer=any(str(version).startswith("1") for version in versions if version),
        streams=not silent,
        path=next((path for path in paths if path is not None), ""),
    )


def _below(url: str, target: SplitResult) -> str | None:
    """The path of this address below the target's; None: it is elsewhere.

    Load reaches only the address that was given, whatever a card says.
    """
    try:
        there = urlsplit(url)
        elsewhere = (there.scheme, there.netloc) != (target.scheme, target.netloc)
    except ValueError:
        return None
    prefix = target.path.rstrip("/")
    below = there.path == prefix or there.path.startswith(f"{prefix}/")
    if elsewhere or there.query or not below:
        return None
    return there.path.removeprefix(prefix)
