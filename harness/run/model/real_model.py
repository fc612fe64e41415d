"""`--model real` needs a key, which must be in no file of the run."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.errors import ConfigError

_KEY = re.compile(r"(?:[A-Z0-9]+_)*API_KEY|GOOGLE_APPLICATION_CREDENTIALS|GOOGLE_CLOUD_PROJECT")
_IN_A_FILE = re.compile(
    rf"^\s*(?:export\s+)?(?:{_KEY.pattern})\s*=\s*[\"']?([^\s\"'#]+)", re.MULTILINE
)


def check_key(
    agent: Path | None,
    passed: Sequence[str] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Raise ConfigError unless there is a key of a model, in the environment or in a `.env`.

    `passed` are the variables that replicas in containers get.  No value is in the message.
    """
    if any(_KEY.fullmatch(name) and environment[name] for name in environment):
        return
    if any(environment.get(name) for name in passed or ()):
        return
    if keys_in_files(agent):
        return
    raise ConfigError(
        "--model real: the environment must have the key of a model, such as GOOGLE_API_KEY or "
        "OPENAI_API_KEY, or the agent's folder a .env with it; got none"
    )


def keys_in_files(agent: Path | None) -> set[str]:
    """The keys in the `.env` files that ADK may read for the agent: in its folder and above."""
    found = set[str]()
    if agent is not None:
        for folder in (agent, *agent.parents):
            with contextlib.suppress(OSError):
                text = (folder / ".env").read_text(encoding="utf-8", errors="replace")
                found.update(_IN_A_FILE.findall(text))
    return found
