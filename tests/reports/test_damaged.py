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
from pathlib import Path

import msgspec
import pytest

from harness.commands import report
from harness.error_exit import explain
from reports.basics.exit_codes import ExitCode
from reports.records import LoadMark, lines
from reports.records.history import HistoryError, read
from tests.reports.a_run import redis_samples, said, whole, witness
from tests.reports.damages import (
    JUDGED,
    REFUSED,
    Damage,
    a_run,
    cut,
    garbage,
    garbled_first,
    halve_the_line,
    halve_the_second_line,
    instead,
    joined,
    lines_of,
    number,
    short_write,
)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return a_run().write(tmp_path / "run")


def code_of(run_dir: Path) -> int:
    """The exit code of `diya report`, played in this process."""
    try:
        options = {"quiet": False, "model_prices": None, "windows": None}
        return report.main(argparse.Namespace(run_dir=str(run_dir), **options))
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
def test_keys_of_others_fail_no_gate_if_the_time_before_the_load_is_damaged(
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
        for line in range(4):
            halve_the_line(run_dir, name, line)
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
