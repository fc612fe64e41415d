"""The command line that plays a run again."""

from __future__ import annotations

import shlex

from reports.records.run_description import EXTERNAL, ONE_SERVER, UNKNOWN
from reports.render import formatting
from reports.render.view import Result, part

_NO_OPTION = (None, ONE_SERVER, EXTERNAL, UNKNOWN)
"""Topologies without a word after `--topology`, or the default one."""


def reproduce_command(result: Result) -> str:
    """The command line that plays the same run again, quoted for a POSIX shell."""
    words = result.get("reproduce")
    if isinstance(words, list) and words:
        return " ".join(_quoted(word) for word in words)
    # A run of an older version: derive the command from its result.
    environment = part(result, "environment")
    experiment = part(result, "experiment")
    redis = part(environment, "redis")
    topology, aof = redis.get("topology"), redis.get("aof")
    options = {
        "--profile": part(result, "profile").get("name"),
        "--seed": result.get("seed"),
        "--replicas": environment.get("replicas"),
        "--sessions": environment.get("sessions"),
        "--experiment": experiment.get("path") or "none",
        "--topology": None if topology in _NO_OPTION else topology,
        "--aof": aof if aof in ("off", "always") else None,
    }
    guessed = ["diya", "readiness"]
    for option, value in options.items():
        if value is not None:
            guessed += [option, _quoted(value)]
    return " ".join(guessed)


def _quoted(word: object) -> str:
    clean = formatting.clean(word)
    name, equals, value = clean.partition("=")
    # A variable set for the command; if quoted as a whole, the shell would run it as the command.
    setting = bool(equals) and name.isidentifier() and name.isupper()
    return f"{name}={shlex.quote(value)}" if setting else shlex.quote(clean)
