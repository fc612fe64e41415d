"""The parser of a command line: it raises ConfigError where argparse would end the process."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from harness.errors import ConfigError
from reports.basics.suggestions import closest, did_you_mean

_PATHS = re.compile(r"(?:^|[|_])(?:FILE|DIR|PROFILE)(?:$|\|)")
"""Arguments that may be a path, by the word for their value in `--help`."""


class Parser(argparse.ArgumentParser):
    """Raises ConfigError, one sentence, for arguments that cannot be used."""

    take_options: tuple[str, ...] = ()
    """Options whose value is a text of options, such as `--a "--rdb"`."""

    def error(self, message: str) -> NoReturn:
        """Raise ConfigError with argparse's sentence, which names the argument and its value."""
        raise ConfigError(f"{message.removeprefix('argument ')}; see `{self.prog} --help`")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse, but the subcommand itself refuses an argument that it does not know."""
        args = sys.argv[1:] if args is None else _joined(args, self.take_options)
        # The first word is no option's value, and argparse would name a missing argument instead.
        if args and args[0].startswith("--") and not self._begins_an_option(args[0]):
            self._refuse(args[:1])
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self._refuse(unknown)
        return known, unknown

    def _begins_an_option(self, word: str) -> bool:
        name = word.split("=")[0]
        return any(option.startswith(name) for option in self._option_string_actions)

    def _refuse(self, unknown: Sequence[str]) -> NoReturn:
        hint = self._option_like(unknown[0].split("=")[0])
        self.error(f"{' '.join(unknown)}: no such option or argument{hint}")

    def _option_like(self, word: str) -> str:
        """` (did you mean --x?)`, or nothing."""
        if not word.startswith("--"):
            return did_you_mean(word, self._option_string_actions)
        # The dashes are no likeness: `--outt` is as unlike `--quiet` as `outt` is unlike `quiet`.
        options = {option.lstrip("-"): option for option in self._option_string_actions}
        near = closest(word.lstrip("-"), options)
        return f" (did you mean {options[near[0]]}?)" if near else ""

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """As argparse, with the home directory for the `~` of a path.

        A shell expands no `~` after `--option=`, and none in quotes.
        """
        if arg_string.startswith("~") and _PATHS.search(str(action.metavar)):
            arg_string = os.path.expanduser(arg_string)
        return super()._get_value(action, arg_string)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """As argparse, with the choice that is most like the value."""
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            error.message += did_you_mean(str(value), map(str, action.choices or ()))
            raise


def _joined(words: Sequence[str], options: Sequence[str]) -> list[str]:
    """`--a X` as `--a=X`: argparse would take an X that begins with a dash for an option."""
    found: list[str] = []
    for word in words:
        if found and found[-1] in options:
            found[-1] += f"={word}"
        else:
            found.append(word)
    return found


class Version(argparse.Action):
    """Prints the version of the installed package and exits."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """As argparse calls it.  Raises SystemExit."""
        # Imported only now: only `--version` reads the package's metadata.
        from importlib.metadata import version

        print(f"diya {version('diya')}")
        parser.exit()


def whole(text: str) -> int:
    """A whole number.  Raises ArgumentTypeError, which argparse puts behind the option's name."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, got {text!r}") from None


def number(text: str) -> float:
    """A number.  Raises ArgumentTypeError, which argparse puts behind the option's name."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, got {text!r}") from None
