"""Secrets of the user's environment leave a run directory: an agent may have logged its key."""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness import log
from harness.run.model import real_model

_SHORTEST = 12
"""Characters: a shorter value may be a part of a word that is not secret."""


def values(
    named: Iterable[str], agent: Path | None, environment: Mapping[str, str] = os.environ
) -> list[str]:
    """The secrets that an agent can know, the longest first.

    `named` are the variables that options name as secrets; keys in the agent's `.env` are secrets.
    """
    found = {*log.secrets(named, environment), *real_model.keys_in_files(agent)}
    fit = (each for each in found if len(each) >= _SHORTEST and not {"/", " "} & set(each))
    return sorted(fit, key=len, reverse=True)


def long_enough(values: Iterable[str]) -> list[str]:
    """Those of the values that cannot be parts of ordinary words, the longest first."""
    return sorted((each for each in values if len(each) >= _SHORTEST), key=len, reverse=True)


def overwrite(run_dir: Path, secrets: Iterable[str]) -> None:
    """Overwrite every secret in every file below `run_dir` with stars, as many as it is long.

    The files keep their sizes, and no process may be writing them.
    """
    wanted = [each.encode() for each in secrets]
    if not wanted:
        return
    for path in run_dir.rglob("*"):
        # A file that is gone, empty or no plain file holds no secret.
        with contextlib.suppress(OSError, ValueError):
            if path.is_file() and not path.is_symlink():
                _overwrite(path, wanted)


def _overwrite(path: Path, secrets: list[bytes]) -> None:
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        for secret in secrets:
            at = content.find(secret)
            while at >= 0:
                content[at : at + len(secret)] = b"*" * len(secret)
                at = content.find(secret, at)
