"""The APIs that the stand-in speaks, and the paths at which it speaks them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from target_service.stand_in import gemini_answer, openai_answer
from target_service.stand_in.asked import Asked, Frame, Headers, Problem, Usage
from target_service.stand_in.call import Dialect
from target_service.stand_in.reply import Reply

_GEMINI_METHODS = {
    "generateContent": "generate",
    "streamGenerateContent": "stream",
    "countTokens": "count",
}
# Vertex puts `projects/P/locations/L/publishers/google/` before `models/M`.
_GEMINI = re.compile(
    r"/(?:[^/]+/)*?(?:models|tunedModels|endpoints)/(?P<model>[^/:]+):"
    rf"(?P<method>{'|'.join(_GEMINI_METHODS)})"
)
_OPENAI = re.compile(r"/(?:[^/]+/)*?(?:deployments/(?P<model>[^/]+)/)?chat/completions")


class _Whole(Protocol):
    def __call__(
        self, asked: Asked, reply: Reply, usage: Usage, unique: str, *, finished: bool = True
    ) -> bytes: ...


class _Frames(Protocol):
    def __call__(
        self, asked: Asked, reply: Reply, usage: Usage, unique: str, *, finished: bool = True
    ) -> Iterator[Frame]: ...


@dataclass(frozen=True, slots=True)
class Api:
    """How replies and errors look in one API."""

    name: Dialect
    whole: _Whole
    frames: _Frames
    error: Callable[[Problem], tuple[bytes, Headers]]


GEMINI = Api("gemini", gemini_answer.whole, gemini_answer.frames, gemini_answer.error)
OPENAI = Api("openai", openai_answer.whole, openai_answer.frames, openai_answer.error)


@dataclass(frozen=True, slots=True)
class Route:
    """The API and the method that a path names."""

    api: Api
    method: Literal["generate", "stream", "count"]
    model: str
    """Empty: the path names none."""


def find(method: str, path: str) -> Route | None:
    """The route of a request; None when the stand-in does not know it."""
    if method != "POST":
        return None
    # google-genai posts to the bare address when Vertex was chosen by the environment alone.
    if path == "/":
        return Route(GEMINI, "generate", "")
    if found := _GEMINI.fullmatch(path):
        return Route(GEMINI, _method(found["method"]), found["model"])
    if found := _OPENAI.fullmatch(path):
        return Route(OPENAI, "generate", found["model"] or "")
    return None


def api_of(path: str) -> Api:
    """The API in whose words an unknown path is refused."""
    return GEMINI if path == "/" or "google" in path or path.startswith("/v1beta") else OPENAI


def _method(name: str) -> Literal["generate", "stream", "count"]:
    if name == "streamGenerateContent":
        return "stream"
    return "generate" if name == "generateContent" else "count"
