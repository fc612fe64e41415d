"""Every command and every argument says in `--help` what it is for."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest

from harness import parser


def commands(owner: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parser and those of all commands below it."""
    yield owner
    for action in owner._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from commands(command)


EVERY = {command.prog: command for command in commands(parser.build())}


@pytest.mark.parametrize("name", EVERY)
def test_the_help_of_a_command_begins_with_what_it_does(name: str) -> None:
    assert EVERY[name].description


@pytest.mark.parametrize("name", EVERY)
def test_every_argument_says_more_than_its_default(name: str) -> None:
    for action in EVERY[name]._actions:
        if isinstance(action, argparse._SubParsersAction):
            continue
        assert action.help, action.dest
        assert not action.help.startswith("default"), action.dest
