"""The calm conversations before the load must reach the model stand-in; else the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.errors import ChaosError
from chaos.fleet.waiting import holds_within
from harness.errors import ConfigError

_SLOW = "no turn was answered in time"
_LOGGED_S = 2.0
"""A call is in the stand-in's log so long after its answer, at the latest."""
_SLOW_S = 15.0
"""The same of a service that has not answered yet: it may still import what a turn needs."""
_MOST_FILES, _MOST_BYTES = 200, 1_000_000
_OTHER_INTERFACE = "the Interactions API, which the stand-in does not speak"
_IN_CODE = (
    (r"\buse_interactions_api\s*[=:]\s*[Tt]rue", f"asks for {_OTHER_INTERFACE}"),
    (
        r"\b(?:base_url|api_base|api_endpoint|azure_endpoint)['\"]?\s*[=:]\s*[^\s,)]",
        "has the address of its model in code, which goes before the environment",
    ),
    (r"\bvertexai['\"]?\s*[=:]\s*[Tt]rue", "asks for Vertex AI in code"),
    (r"\bapi_key['\"]?\s*[=:]\s*[^\s,)]", "has the key of its model in code"),
)
"""Patterns in an agent's code, each with its meaning; the first that is found is the reason."""
_PACKAGE = r"No module named|requires?\b.*pip install"
_IN_AN_ERROR = (
    (
        r"(?i)api[ _-]?key|credential|AuthenticationError",
        "the agent calls a model that is neither Gemini nor of OpenAI's API, and has no key for it",
    ),
    (
        r"(?i)model \S+ not found|LLM Provider NOT provided",
        "ADK knows no such model, or a package for it is missing",
    ),
)


@dataclass(frozen=True, slots=True)
class StandInCalls:
    """The calls that have reached the model stand-in of a run."""

    url: str
    count: Callable[[], int]
    """Their number.  Raises ChaosError when the stand-in does not answer."""
    unknown: Callable[[], Sequence[str]]
    """The requests to no API that it speaks.  Raises ChaosError when it does not answer."""

    def check(self, asked: str, agent: Path | None, answered: bool) -> None:
        """Raise ConfigError, with the reason, if no call has come in.

        `asked` names the service, `agent` is the folder of its agent where diya knows it;
        `answered`: there were replies, else each turn only took too long.
        """
        if not self._has_calls(_LOGGED_S if answered else _SLOW_S):
            fails = "turns are answered without it" if answered else _SLOW
            reason = why(None if answered else _SLOW, agent, self.unknown())
            raise ConfigError(self._sentence(asked, fails, reason, agent))

    def refusal(self, asked: str, agent: Path | None, fails: str) -> str | None:
        """The sentence about a service that always `fails`; None when calls have come in."""
        if self._has_calls(_LOGGED_S):
            return None
        return self._sentence(asked, fails, why(fails, agent, self.unknown()), agent)

    def _has_calls(self, seconds: float) -> bool:
        try:
            return holds_within(lambda: self.count() > 0, seconds)
        except ChaosError as error:
            raise ConfigError(f"{error}; it must answer") from None

    def _sentence(self, asked: str, fails: str, reason: str | None, agent: Path | None) -> str:
        told = "" if reason is None else f"; {reason}"
        own = "" if agent is None else "; --model own plays it with its own model, unwitnessed"
        return (
            f"{asked}: no call reached the model stand-in at {self.url}: {fails.rstrip('.')}"
            f"{told}; the agent must take its model's address from the environment{own}"
        )


def why(error: str | None, agent: Path | None, unknown: Sequence[str] = ()) -> str | None:
    """The reason: by the error of a turn, by the agent's code, and by the requests that were not
    understood.  None: not known.
    """
    if any("interactions" in each for each in unknown):
        return f"the agent asks for {_OTHER_INTERFACE}"
    if unknown:
        return f"the agent asks for {unknown[0]}, which the stand-in does not speak"
    if error and re.search(_PACKAGE, error):
        return "a package is missing: install it into the environment of diya"
    for file, text in _sources(agent):
        for pattern, meaning in _IN_CODE:
            if found := re.search(pattern, text):
                line = text.count("\n", 0, found.start()) + 1
                return f"{file}, line {line}: {meaning}"
    for pattern, meaning in _IN_AN_ERROR:
        if error and re.search(pattern, error):
            return meaning
    if error is None:
        return "its replies come from a model of its own, from a callback or from another server"
    return None


def _sources(agent: Path | None) -> Iterator[tuple[str, str]]:
    """The agent's own files that may set up its model: name in its folder, and text."""
    if agent is None:
        return
    read = 0
    for path in sorted([*agent.rglob("*.py"), *agent.rglob("*.yaml")]):
        inside = path.relative_to(agent)
        if any(part.startswith((".", "_")) and part != "__init__.py" for part in inside.parts):
            continue
        if "site-packages" in inside.parts or read == _MOST_FILES:
            continue
        read += 1
        try:
            text = path.read_text(encoding="utf-8", errors="replace")[:_MOST_BYTES]
        except OSError:
            continue
        yield f"{agent.name}/{inside.as_posix()}", _without_comments(text)


def _without_comments(text: str) -> str:
    return re.sub(r"(?m)^(\s*)#.*$", r"\1", text)
