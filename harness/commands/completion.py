"""`diya completion bash|zsh`: the script that completes diya's command line in a shell."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Literal

from chaos.experiment import model
from chaos.faults.catalogue import CATALOGUE
from chaos.fleet.shapes import SHAPES
from harness import parser
from harness.run.options.option_values import KINDS
from loadtests.profiles import profile
from reports.basics.exit_codes import ExitCode

_PATHS: dict[str, Literal["file", "directory"]] = {
    "FILE": "file",
    "DIR": "directory",
    "RUN_DIR": "directory",
    "A": "file",
    "B": "file",
}
"""Metavar of an argument -> the kind of path that it stands for."""


def main(args: argparse.Namespace) -> int:
    """Print the script."""
    # Imported only now: other modules import this one without writing a script.
    import shtab

    built = parser.build()
    known, functions = _words(), {}
    for action in _arguments(built):
        name = f"_diya_{action.dest}"
        if action.dest in known:
            words, with_files = known[action.dest]
            functions[name] = _function(args.shell, name, words, with_files)
            action.complete = {"bash": name, "zsh": name}  # type: ignore[attr-defined]
        elif action.metavar in _PATHS:
            path = _PATHS[str(action.metavar)]
            action.complete = shtab.FILE if path == "file" else shtab.DIRECTORY  # type: ignore[attr-defined]
    preamble = {args.shell: "\n".join(functions.values())}
    print(shtab.complete(built, shell=args.shell, preamble=preamble))
    return ExitCode.GO


def _words() -> dict[str, tuple[list[str], bool]]:
    """Argument -> the words that it accepts, and True when it accepts files too."""
    faults = [kind.kind for kind in CATALOGUE]
    return {
        "profile": (profile.names(), True),
        "experiment": ([*model.names(), "random:", "none"], True),
        "name": (faults, False),
        "fault": (faults, False),
        "topology": (list(SHAPES), False),
        "aof": (["off", "everysec", "always"], False),
        "redis": (["auto", "bundled", "system"], False),
        "sessions": (list(KINDS), False),
        "slo": ([f"{name}=" for name in profile.SLO_BOUNDS], False),
    }


def _function(shell: str, name: str, words: list[str], with_files: bool) -> str:
    listed = " ".join(words)
    if shell == "bash":
        files = '; compgen -f -- "$1"' if with_files else ""
        return f'{name}() {{ compgen -W "{listed}" -- "$1"{files}; }}'
    files = " 'files:file:_files'" if with_files else ""
    escaped = listed.replace(":", "\\:")
    return f"{name}() {{ _alternative 'words:value:({escaped})'{files}; }}"


def _arguments(owner: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every argument of every command; removes the commands' descriptions, for the short help."""
    for action in owner._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                command.description = None
                yield from _arguments(command)
        else:
            yield action
