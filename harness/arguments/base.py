"""The parser of a command line: it raises ConfigError where argparse would end the process."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from harness.errors import ConfigError
from reports.basics.suggestions import did_you_mean


class Parser(argparse.ArgumentParser):
    """Raises ConfigError, one sentence, for arguments that cannot be used."""

    take_options: tuple[str, ...] = ()
    """Options whose value is a text of options, such as `--a "--rdb"`."""

    def error(self, message: str) -> NoReturn:
        """Raise ConfigError with argparse's sentence, which names the argument and its value."""
        raise ConfigError(f"{message.removeprefix('argument ')}; see `{self.prog} --help`")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse, but the subcommand itself refuses an argument that it does not know."""
        if args is not None and self.take_options:
            args = _joined(args, self.take_options)
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            hint = did_you_mean(unknown[0].split("=")[0], self._option_string_actions)
            self.error(f"{' '.join(unknown)}: no such option or argument{hint}")
        return known, unknown


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
