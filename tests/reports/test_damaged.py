"""Run directories as full disks, kills and mistakes leave them.

One sentence and exit code 104, or a verdict that is never GO.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from harness.commands import report
from harness.error_exit import explain
from reports.basics.exit_codes import ExitCode
from reports.records import FILES, LoadMark, lines
from reports.records.history import HistoryError, read
from reports.records.run_description import SCHEMA_VERSION
from tests.reports.a_run import Run, redis_samples, said, whole, witness

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
        r"sizing\.mode must be auto or given, got None",
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


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return a_run().write(tmp_path / "run")


def code_of(run_dir: Path) -> int:
    """The exit code of `diya report`, played in this process."""
    try:
        return report.main(argparse.Namespace(run_dir=str(run_dir), quiet=False, model_prices=None))
    except Exception as error:
        return explain(error)


def test_undamaged_it_is_go(run_dir: Path) -> None:
    assert code_of(run_dir) == ExitCode.GO


@pytest.mark.parametrize("kind", REFUSED)
def test_a_directory_that_is_not_a_run_is_refused_with_one_sentence(
    kind: str, run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage, sentence = REFUSED[kind]
    damage(run_dir)
    assert code_of(run_dir) == ExitCode.BAD_CONFIGURATION
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert re.match(f"diya: .*{sentence}", line), line
    assert len(line) < 500


@pytest.mark.parametrize("kind", JUDGED)
def test_a_damaged_run_is_never_go(kind: str, run_dir: Path) -> None:
    JUDGED[kind](run_dir)
    assert code_of(run_dir) in (ExitCode.NO_GO, ExitCode.INCONCLUSIVE)


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"schema_version": 99, "verdict": "GO"}', b"\xff"]
)
def test_a_result_of_another_version_is_made_again(run_dir: Path, content: bytes) -> None:
    (run_dir / "result.json").write_bytes(content)
    (run_dir / "report.html").write_bytes(content)
    cut(run_dir, "load.jsonl", 20)
    assert code_of(run_dir) == ExitCode.INCONCLUSIVE
    assert json.loads((run_dir / "result.json").read_text())["verdict"] == "INCONCLUSIVE"


def test_a_file_that_may_not_be_read_is_named(run_dir: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    (run_dir / "turns.jsonl").chmod(0)
    with pytest.raises(HistoryError, match=r"turns\.jsonl: cannot be read: Permission denied"):
        read(run_dir)


HALVES: dict[str, tuple[Damage, str]] = {
    "half a line": (short_write, "turns.jsonl: line 2 "),
    "half a line of each file": (halve_the_second_line, "line 2 "),
    "garbage bytes": (garbage("turns.jsonl", b"\x00\xff\xfe\n"), "turns.jsonl: line 2 "),
    "a very deep line": (garbage("load.jsonl", b"[" * 100_000 + b"\n"), "load.jsonl: line 2 "),
    "half a character": (instead("faults.jsonl", b'{"id":"\xc3"}\n'), "faults.jsonl: line 1 "),
    "half a first line": (garbled_first, "audits.jsonl: line 1 "),
    "two lines as one": (joined, "conversations.jsonl: line 3 "),
}
"""What a full disk or a crash leaves in the middle of a file."""


@pytest.mark.parametrize("kind", HALVES)
def test_a_damaged_line_is_named_and_the_run_judged_without_it(kind: str, run_dir: Path) -> None:
    damage, named = HALVES[kind]
    damage(run_dir)
    assert code_of(run_dir) == ExitCode.INCONCLUSIVE
    result = json.loads((run_dir / "result.json").read_text())
    (gate,) = [gate for gate in result["gates"] if gate["name"] == "validity.records"]
    assert gate["status"] == "fail"
    assert named in gate["evidence"][0]
    assert gate["evidence"][0] in gate["summary"]
    assert not [gate for gate in result["gates"] if gate["name"].endswith(".check")]


def test_a_damaged_sample_is_named_and_hides_nothing(run_dir: Path) -> None:
    garbage("samples.jsonl", bytes(4096) + b"\n")(run_dir)
    assert code_of(run_dir) == ExitCode.GO
    result = json.loads((run_dir / "result.json").read_text())
    (gate,) = [gate for gate in result["gates"] if gate["name"] == "validity.records"]
    assert (gate["status"], gate["value"]) == ("pass", 1)
    assert gate["evidence"][0].startswith("samples.jsonl: line 2 ")


def test_many_damaged_samples_make_a_run_inconclusive(run_dir: Path) -> None:
    garbage("samples.jsonl", b"{\n" * 9)(run_dir)
    assert code_of(run_dir) == ExitCode.INCONCLUSIVE


@pytest.mark.parametrize("kind", ["lost", "context_missed", "half_turn"])
def test_a_fault_on_a_damaged_line_may_explain_a_violation(kind: str, tmp_path: Path) -> None:
    run = a_run()
    run.fault("freeze-redis", 30.0, 32.0, id="freeze-redis-1")
    talk = run.conversation(start=18.0).turn().turn(seen=None)
    run.conversations.remove(talk)
    if kind == "context_missed":
        talk.turn(seen=witness(talk.id(2)))
    history = {
        "lost": whole(talk.id(0)),
        "half_turn": [*whole(talk.id(0)), said(talk.id(1))],
    }
    talk.audit(history.get(kind)).audit(status="gone", at=70.0, when="expired")
    run.conversations.append(talk)
    run_dir = run.write(tmp_path / "run")
    assert code_of(run_dir) == ExitCode.NO_GO
    halve_the_line(run_dir, "faults.jsonl", 1)
    assert code_of(run_dir) == ExitCode.INCONCLUSIVE


def test_records_around_damaged_lines_are_read_from_their_places(run_dir: Path) -> None:
    before = list(read(run_dir).turns)
    lines_ = lines_of(run_dir, "turns.jsonl")
    lines_[60] = b"{\n" + lines_[60] + b"\0\n{"  # the next line is damaged too
    (run_dir / "turns.jsonl").write_bytes(b"{\n" + b"".join(lines_) + b"{\n")
    history = read(run_dir)
    expected = [turn for number, turn in enumerate(before) if number != 61]
    assert list(history.turns) == expected
    assert [turn for _, turns in history.turns.read_talks() for turn in turns] == sorted(
        expected, key=lambda turn: (turn.conversation, turn.turn)
    )
    assert [each.line for each in history.damaged] == [1, 62, 64, 65, len(lines_) + 4]


@pytest.mark.parametrize("damage", [["samples.jsonl"], ["load.jsonl"]])
def test_keys_of_others_convict_nobody_if_the_time_before_the_load_is_damaged(
    damage: list[str], tmp_path: Path
) -> None:
    run = a_run()
    theirs = {"persistent_keys": 3.0, "evicted_keys": 5.0}
    run.samples = [
        msgspec.structs.replace(sample, values={**sample.values, **theirs})
        for sample in redis_samples(run)
    ]
    run_dir = run.write(tmp_path / "run")
    assert code_of(run_dir) == ExitCode.GO
    for name in damage:
        for number in range(4):
            halve_the_line(run_dir, name, number)
    assert code_of(run_dir) == ExitCode.INCONCLUSIVE


@pytest.mark.service
def test_the_command_itself_ends_with_the_sentence_and_its_code(run_dir: Path) -> None:
    number("turns.jsonl", "attempts", "-1")(run_dir)
    finished = subprocess.run(
        [sys.executable, "-m", "harness.cli", "report", str(run_dir)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (finished.returncode, finished.stdout) == (ExitCode.BAD_CONFIGURATION, "")
    assert len(finished.stderr.splitlines()) == 1


# A limit on the size of files is a full disk that one process has to itself.
_FULL = """
import resource, signal, sys
from pathlib import Path
from reports.records import LoadMark, RecordWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, -1))
writer = RecordWriter(Path(sys.argv[1]))
refused = 0
for number in range(9):
    try:
        writer.write(LoadMark(float(number), "phase:night", {}))
    except OSError:
        refused += 1
    if number == 5:
        resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
print(refused)
"""


@pytest.mark.service
def test_a_file_that_was_too_full_for_a_record_ends_there(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert int(done.stdout) == 7
    assert (tmp_path / "load.jsonl").read_bytes().endswith(b"\n"), "the half line stayed"
    assert [mark.t for mark in lines.read(tmp_path / "load.jsonl", LoadMark)] == [0.0, 1.0]
