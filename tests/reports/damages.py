"""Damages to a run directory, as full disks, kills and mistakes leave them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from reports.records import FILES
from reports.records.run_description import SCHEMA_VERSION
from tests.reports.a_run import Run

Damage = Callable[[Path], object]


def a_run() -> Run:
    """Forty sound conversations and a fault: GO."""
    run = Run()
    for number in range(40):
        run.sound(start=6.0 + number)
    run.fault("kill-redis", 20.0, 22.0)
    return run


def lines_of(run_dir: Path, name: str) -> list[bytes]:
    return (run_dir / name).read_bytes().splitlines(keepends=True)


def short_write(run_dir: Path) -> None:
    """Half a line, and then more: as a full disk leaves it that had room again later."""
    first, second, *rest = lines_of(run_dir, "turns.jsonl")
    (run_dir / "turns.jsonl").write_bytes(b"".join([first, second[: len(second) // 2], *rest]))


def halve_the_line(run_dir: Path, name: str, number: int) -> None:
    found = lines_of(run_dir, name)
    found[number] = found[number][: len(found[number]) // 2] + b"\n"
    (run_dir / name).write_bytes(b"".join(found))


def halve_the_second_line(run_dir: Path) -> None:
    for name in FILES.values():
        if (run_dir / name).exists() and len(lines_of(run_dir, name)) > 1:
            halve_the_line(run_dir, name, 1)


def garbled_first(run_dir: Path) -> None:
    halve_the_line(run_dir, "audits.jsonl", 0)


def joined(run_dir: Path) -> None:
    """Two records on one line."""
    found = lines_of(run_dir, "conversations.jsonl")
    found[2] = found[2].rstrip()
    (run_dir / "conversations.jsonl").write_bytes(b"".join(found))


def garbage(name: str, content: bytes) -> Damage:
    def damage(run_dir: Path) -> None:
        first, *rest = lines_of(run_dir, name)
        (run_dir / name).write_bytes(b"".join([first, content, *rest]))

    return damage


def instead(name: str, content: bytes) -> Damage:
    return lambda run_dir: (run_dir / name).write_bytes(content)


def number(name: str, field: str, value: str) -> Damage:
    """The field of the first record as this text."""

    def damage(run_dir: Path) -> None:
        first, *rest = lines_of(run_dir, name)
        record = json.loads(first)
        assert field in record
        record[field] = "@"
        text = json.dumps(record).replace('"@"', value).encode() + b"\n"
        (run_dir / name).write_bytes(b"".join([text, *rest]))

    return damage


def run_json(*path: str, value: object) -> Damage:
    """The value at that place of run.json."""

    def damage(run_dir: Path) -> None:
        values = json.loads((run_dir / "run.json").read_text())
        place = values
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        (run_dir / "run.json").write_text(json.dumps(values))

    return damage


def without(name: str) -> Damage:
    return lambda run_dir: (run_dir / name).unlink()


def a_folder(name: str) -> Damage:
    def damage(run_dir: Path) -> None:
        (run_dir / name).unlink(missing_ok=True)
        (run_dir / name).mkdir()

    return damage


def a_pipe(name: str) -> Damage:
    def damage(run_dir: Path) -> None:
        (run_dir / name).unlink()
        os.mkfifo(run_dir / name)

    return damage


def a_link_to_itself(run_dir: Path) -> None:
    (run_dir / "turns.jsonl").unlink()
    (run_dir / "turns.jsonl").symlink_to("turns.jsonl")


REFUSED: dict[str, tuple[Damage, str]] = {
    "another program's lines": (instead("audits.jsonl", b"INFO started\nbye\n"), r"audits.*line 1"),
    "a line of another kind": (garbage("turns.jsonl", b'{"t":1.0}\n'), r"turns\.jsonl: line 2: "),
    "a huge time": (number("turns.jsonl", "done", "1e300"), r"turns\.jsonl: line 1: .*done"),
    "an infinite time": (number("turns.jsonl", "due", "1e999"), r"turns\.jsonl: line 1"),
    "centuries of run time": (number("samples.jsonl", "t", "9e10"), r"samples\.jsonl: line 1"),
    "a huge count": (number("turns.jsonl", "attempts", "9" * 40), r"turns\.jsonl: line 1"),
    "a negative count": (number("turns.jsonl", "attempts", "-1"), r"line 1: .*attempts"),
    "a huge reading": (
        number("samples.jsonl", "values", '{"used_memory":1e308}'),
        r"samples\.jsonl: line 1: .*values",
    ),
    "a range that stands still": (
        instead("arrivals.jsonl", b'{"first":0,"count":3,"step":0,"fate":"lost"}\n'),
        r"arrivals\.jsonl: line 1: .*step",
    ),
    "no run.json": (without("run.json"), r"not a run directory: it has no run\.json"),
    "an empty run.json": (instead("run.json", b""), r"run\.json: not JSON"),
    "a run.json cut off": (
        instead("run.json", b'{"schema_version": 1, "ru'),
        r"run\.json: not JSON",
    ),
    "a very deep run.json": (instead("run.json", b"[" * 100_000), r"run\.json: not JSON"),
    "a run.json of bytes": (instead("run.json", b"\xff\x00" * 9), r"run\.json: not JSON"),
    "a later version": (
        run_json("schema_version", value=SCHEMA_VERSION + 1),
        rf"schema_version must be {SCHEMA_VERSION}, got {SCHEMA_VERSION + 1}",
    ),
    "an endless TTL": (
        run_json("ttl_seconds", value=1e300),
        r"ttl_seconds must be seconds, .*, got 1e\+300",
    ),
    "a limit that is none": (
        run_json("profile", "slo", "error_rate", value="low"),
        r"profile\.slo\.error_rate must be a number from 0 to 1e\+09, got 'low'",
    ),
    "a sizing without a mode": (
        run_json("sizing", value={"factor": 0.5}),
        r"sizing\.mode must be auto or given, got nothing",
    ),
    "a sizing to nothing": (
        run_json("sizing", value={"mode": "auto", "factor": 0}),
        r"sizing\.factor must be a number above 0, got 0",
    ),
    "no limits": (
        run_json("profile", value={}),
        r"profile\.slo\.\w+ must be a number, got nothing",
    ),
    "limits that are none": (
        run_json("profile", "slo", value=[1]),
        r"profile\.slo must be an object, got \[1\]",
    ),
    "faults that are none": (
        run_json("experiment", "planned", value=[1]),
        r"experiment\.planned must be a list of words, got \[1\]",
    ),
    "text that is none": (
        run_json("sessions", value="\ud800"),
        r"run\.json: must hold valid text",
    ),
    "a long wrong value": (
        run_json("seed", value="9" * 9999),
        r"seed must be .*, got '9{60,100}…",
    ),
    "a folder for the turns": (a_folder("turns.jsonl"), r"turns\.jsonl: must be a file"),
    "a folder for run.json": (a_folder("run.json"), r"run\.json: cannot be read"),
    "a pipe for the audits": (a_pipe("audits.jsonl"), r"audits\.jsonl: must be a file"),
    "a link to itself": (a_link_to_itself, r"turns\.jsonl: (cannot be read|must be a file)"),
    "no room for the result": (a_folder("result.json"), r"the report cannot be written"),
}


# A mistake that cannot be told from a run that ended there, or from another run.
JUDGED: dict[str, Damage] = {
    "a last line cut off": lambda run_dir: cut(run_dir, "turns.jsonl", 20),
    "marks cut off": lambda run_dir: cut(run_dir, "load.jsonl", 20),
    "no turns": without("turns.jsonl"),
    "no conversations": without("conversations.jsonl"),
    "no audits": without("audits.jsonl"),
    "no faults": without("faults.jsonl"),
    "no samples": without("samples.jsonl"),
    "no marks": without("load.jsonl"),
    "empty turns": instead("turns.jsonl", b""),
    "empty samples": instead("samples.jsonl", b""),
    "only run.json": lambda run_dir: only_run_json(run_dir),
    "the turns of another run": lambda run_dir: other_run(run_dir, "turns.jsonl"),
    "the audits of another run": lambda run_dir: other_run(run_dir, "audits.jsonl"),
    "turns recorded twice": lambda run_dir: twice(run_dir, "turns.jsonl"),
    "conversations recorded twice": lambda run_dir: twice(run_dir, "conversations.jsonl"),
    "a plan of more faults": run_json("experiment", "planned", value=["kill-redis-1", "more-1"]),
    "a plan of more than there can be": number("load.jsonl", "values", '{"arrivals":1e18}'),
    "years of run time": number("turns.jsonl", "done", "9e9"),
}


def cut(run_dir: Path, name: str, count: int) -> None:
    content = (run_dir / name).read_bytes()
    (run_dir / name).write_bytes(content[:-count])


def only_run_json(run_dir: Path) -> None:
    for name in FILES.values():
        (run_dir / name).unlink(missing_ok=True)


def other_run(run_dir: Path, name: str) -> None:
    other = Run()
    for number in range(40):
        other.conversation(start=7.0 + number).turn(reply="0" * 16).audit([])
    (run_dir / name).write_bytes((other.write(run_dir / "other") / name).read_bytes())


def twice(run_dir: Path, name: str) -> None:
    (run_dir / name).write_bytes((run_dir / name).read_bytes() * 2)
