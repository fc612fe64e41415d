"""The records of a run directory, and the fate of every arrival, for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from sys import executable
from typing import TypeVar

from reports.records import FILES, ArrivalRange, ConversationRecord, Fate, from_json

ROOT = Path(__file__).parents[2]
T = TypeVar("T")


def records(run_dir: Path, kind: type[T]) -> list[T]:
    """The records of a kind, as they stand in the file; none when there is no file yet."""
    path = run_dir / FILES[kind]
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [from_json(kind, line) for line in lines]


def fates(run_dir: Path) -> dict[int, Fate]:
    """The fate of each arrival, in order.  Raises AssertionError if one is recorded twice."""
    found = [(each.conversation, each.fate) for each in records(run_dir, ConversationRecord)]
    for each in records(run_dir, ArrivalRange):
        indices = range(each.first, each.first + each.count * each.step, each.step)
        found += [(index, each.fate) for index in indices]
    assert len({index for index, _ in found}) == len(found), "an arrival is recorded twice"
    return dict(sorted(found))


def offered(index: int, ended: float) -> ConversationRecord:
    """The record of a customer that opened a session, took one turn and left."""
    return ConversationRecord(
        conversation=index,
        journey="return",
        user="u",
        session="s",
        due=0.0,
        started=0.0,
        opened=0.0,
        ended=ended,
        fate=Fate.OFFERED,
        turns_planned=1,
    )


@contextmanager
def honest_server(ttl_s: float, *options: str) -> Iterator[tuple[str, Callable[[], str]]]:
    """The address of an ADK server with this TTL, and a function that reads its next line."""
    command = [executable, "-m", "tests.loadtests.fake_adk", str(ttl_s), *options]
    with Popen(command, stdout=PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}", server.stdout.readline
        finally:
            server.kill()
