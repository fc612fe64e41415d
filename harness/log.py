"""`--verbose`: a log of diya's actions on stderr, without secrets.

Modules write to the logger of their own name (`logging.getLogger(__name__)`) at level INFO.  The
messages are discarded unless `begin` was called.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

_ROOMS = ("chaos", "harness", "reports")
_HIDDEN = "…"
_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|PRIVATE_?KEY", re.IGNORECASE)
_IN_AN_ADDRESS = re.compile(r"(\w://)\S+@")
_SHORTEST = 4
"""Characters: a shorter value is part of too many words that are not secret."""
_SHORTEST_IN_AN_ERROR = 8
"""The same in an error, whose every word may be needed."""


def begin(
    named: Iterable[str] = (),
    environment: Mapping[str, str] = os.environ,
    stream: TextIO | None = None,
) -> None:
    """Log from now on.

    `named` are the variables of the environment that were named as secrets (`--token-env`,
    `--pass-env`); variables with a name like a secret's are treated as secrets too.
    """
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    # On a terminal, erase the progress line; it is written again below the message.
    start = "\r\x1b[K" if stream.isatty() else ""
    handler.setFormatter(_Redacted(start, secrets(named, environment)))
    for room in _ROOMS:
        logger = logging.getLogger(room)
        logger.setLevel(logging.INFO)
        logger.addHandler(handler)


def secret_variables(args: argparse.Namespace) -> list[str]:
    """The variables that the options name as secrets, as far as they were given."""
    single = [getattr(args, name, None) for name in ("token_env", "redis_password_env")]
    return [
        *(getattr(args, "pass_env", None) or ()),
        *(name for name in single if name),
        *header_variables(getattr(args, "header", None) or ()),
    ]


def header_variables(given: Sequence[str]) -> list[str]:
    """The variables of `--header NAME=VARIABLE`; the value of a Host is no secret."""
    pairs = [each.partition("=") for each in given]
    return [variable for name, _, variable in pairs if variable and name.lower() != "host"]


def secrets(named: Iterable[str], environment: Mapping[str, str]) -> list[str]:
    """The values that must not be logged, the longest first."""
    names = {*named, *filter(_SECRET_NAME.search, environment)}
    values = {environment.get(name, "") for name in names}
    return sorted((each for each in values if len(each) >= _SHORTEST), key=len, reverse=True)


def hidden(
    text: str, named: Iterable[str] = (), environment: Mapping[str, str] = os.environ
) -> str:
    """The text, as of an error, with every secret removed."""
    for value in secrets(named, environment):
        if len(value) >= _SHORTEST_IN_AN_ERROR:
            text = text.replace(value, _HIDDEN)
    return text


class _Redacted(logging.Formatter):
    """Formats the time, the module and the message, with every secret removed."""

    def __init__(self, start: str, hidden: list[str]) -> None:
        super().__init__(f"{start}%(asctime)s.%(msecs)03d %(name)s: %(message)s", "%H:%M:%S")
        self._hidden = hidden

    def format(self, record: logging.LogRecord) -> str:
        """As `logging.Formatter.format`."""
        text = super().format(record)
        for value in self._hidden:
            text = text.replace(value, _HIDDEN)
        return _IN_AN_ADDRESS.sub(rf"\1{_HIDDEN}@", text)
