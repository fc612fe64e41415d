"""`diya check FILE...`: checks that a file can be used in a run, without a run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from chaos.errors import ChaosConfigError
from chaos.experiment import reader
from harness.commands.profile import clock, number
from harness.errors import ConfigError
from loadtests.profiles import journeys, profile
from loadtests.profiles import requests_csv as profile_csv
from loadtests.profiles.journeys import Book, Journey
from loadtests.profiles.profile import ProfileError
from reports.basics.exit_codes import ExitCode


@dataclass(frozen=True)
class _Kind:
    """One kind of file that a run takes."""

    title: str
    """In words, for the line that is printed: `a profile`."""
    summary: Callable[[Path], str]
    """Reads the file and describes its content in a few words.

    Raises ChaosConfigError or ProfileError, one sentence with the file, for a file that cannot be
    used.
    """


def main(args: argparse.Namespace) -> int:
    """Print one line for each file; 0 when all of them can be used, else 104.

    Raises ProfileError for a file of journeys (`--journeys`) that cannot be used.
    """
    book = None if args.journeys is None else journeys.load(Path(args.journeys)).journeys
    bad = [name for name in args.files if not _check(Path(name), book)]
    return ExitCode.BAD_CONFIGURATION if bad else ExitCode.GO


def _check(path: Path, book: Mapping[str, Journey] | None) -> bool:
    """Print one line about a file; True when it can be used."""
    try:
        kind = _kind(path, book)
    except ConfigError as error:
        print(f"diya: {error}", file=sys.stderr)
        return False
    try:
        print(f"{path}: OK, {kind.title}: {kind.summary(path)}")
    except (ChaosConfigError, ProfileError) as error:
        print(f"diya: taken for {kind.title}: {error}", file=sys.stderr)
        return False
    return True


def _kind(path: Path, book: Mapping[str, Journey] | None) -> _Kind:
    """The kind of a file, from its name and, for TOML, from its tables.  Raises ConfigError."""
    if not path.is_file():
        raise ConfigError(f"{path}: must be a file, got {'a folder' if path.is_dir() else 'none'}")
    match path.suffix.lower():
        case ".yaml" | ".yml" | ".json":
            return _Kind("an experiment", _experiment)
        case ".csv" | ".tsv":
            return _Kind("a log of requests per minute", _log)
        case ".toml" if journeys.is_book(path):
            return _Kind("a file of journeys", _journeys)
        case ".toml":
            return _Kind("a profile", partial(_profile, book=book))
        case suffix:
            raise ConfigError(
                f"{path}: the file's name must end in .yaml, .yml or .json (an experiment), .toml "
                "(a profile or journeys), .csv or .tsv (a log of requests per minute), got "
                f"{suffix or 'no ending'}"
            )


def _experiment(path: Path) -> str:
    plan = reader.load(path, elsewhere=True)  # only a run can have the permission
    faults = ", ".join(plan.planned) or "none"
    notes = "".join(f"; {note}" for note in plan.notes)
    return f"{_count(len(plan.planned), 'fault')} ({faults}){notes}"


def _profile(path: Path, book: Mapping[str, Journey] | None) -> str:
    load = profile.load(str(path), book)
    return (
        f"{load.name}, {_count(len(load.phases), 'phase')}, {clock(load.load_seconds)} of load, "
        f"about {number(load.expected_turns)} turns"
    )


def _journeys(path: Path) -> str:
    book: Book = journeys.load(path)
    languages = _once(name for each in book.journeys.values() for name in each.languages)
    return f"{_count(len(book.journeys), 'journey')} in {', '.join(languages)}"


def _log(path: Path) -> str:
    log = profile_csv.read(str(path))
    return (
        f"{_count(len(log.per_minute), 'line')}, {log.step_minutes:g} min apart, at most "
        f"{number(max(log.per_minute))} requests per minute"
    )


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
