"""The page of the command line, from the parser's own tables."""

from __future__ import annotations

import argparse

from harness import parser
from harness.reference import markdown

_INTRO = """\
`diya` stands for `.venv/bin/diya` in a checkout. `diya COMMAND --help` shows the same in the
terminal. Every command ends with one of the [exit codes](exit-codes.md)."""


def page() -> str:
    """The page."""
    built = parser.build()
    parts = [_INTRO, markdown.table(("option of `diya` itself", "meaning"), _options(built))]
    for words, told, command in _commands(built, "diya"):
        parts.append(f"## {words}")
        if told:
            parts.append(f"{markdown.sentence(told)}.")
        parts.append(f"```\n{_usage(words, command)}\n```")
        if _options(command):
            parts.append(markdown.table(("argument", "meaning"), _options(command)))
    return markdown.page("Command line", *parts)


def _commands(
    owner: argparse.ArgumentParser, words: str
) -> list[tuple[str, str, argparse.ArgumentParser]]:
    """(words, help, parser) of every command that does something, in the order of `--help`."""
    found: list[tuple[str, str, argparse.ArgumentParser]] = []
    for action in owner._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        told = {each.dest: each.help or "" for each in action._choices_actions}
        for name, command in action.choices.items():
            deeper = _commands(command, f"{words} {name}")
            found += deeper or [(f"{words} {name}", told.get(name, ""), command)]
    return found


def _shown(command: argparse.ArgumentParser) -> list[argparse.Action]:
    hidden = (argparse._HelpAction, argparse._SubParsersAction)
    return [
        each
        for each in command._actions
        if not isinstance(each, hidden) and each.help != argparse.SUPPRESS
    ]


def _options(command: argparse.ArgumentParser) -> list[tuple[str, str]]:
    return [_row(action) for action in _shown(command)]


def _usage(words: str, command: argparse.ArgumentParser) -> str:
    """The command with its positional arguments; options are in the table."""
    shown = _shown(command)
    options = ["[options]"] if any(each.option_strings for each in shown) else []
    positional = [
        {"?": f"[{_value(each)}]", "+": f"{_value(each)}..."}.get(str(each.nargs), _value(each))
        for each in shown
        if not each.option_strings
    ]
    return " ".join([words, *options, *positional])


def _value(action: argparse.Action) -> str:
    """How a value is written: its metavar, its choices, or its name."""
    if isinstance(action.metavar, str):
        return action.metavar
    if action.choices is not None:
        return "|".join(map(str, action.choices))
    return action.dest.upper()


def _row(action: argparse.Action) -> tuple[str, str]:
    name = ", ".join(action.option_strings) or _value(action)
    if action.option_strings and action.nargs != 0:
        name = f"{name} {_value(action)}"
    told = (action.help or "") % {**vars(action), "prog": "diya"}
    return markdown.code(name), told
