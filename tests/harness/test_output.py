"""`--verbose` and `--quiet`: the logged lines, the omitted ones, and the masked secrets."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import log, parser
from harness.run.progress import Progress
from tests.harness import command
from tests.reports.a_run import Run

ENVIRONMENT = {"SHOP_TOKEN": "t0ken-value", "MINE": "named-value", "PATH": "/usr/bin"}


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """As asked of a stream."""
        return True


@contextlib.contextmanager
def logging_to(stream: io.StringIO) -> Iterator[None]:
    """Everything is logged to the stream, inside the block."""
    rooms = [logging.getLogger(room) for room in ("chaos", "harness")]
    before = [list(room.handlers) for room in rooms]
    log.begin(["MINE"], ENVIRONMENT, stream)
    try:
        yield
    finally:
        for room, handlers in zip(rooms, before, strict=True):
            room.handlers[:] = handlers
            room.setLevel(logging.NOTSET)


def test_variables_that_options_name_hold_secrets() -> None:
    words = ("--token-env", "A", "--redis-password-env", "B", "--pass-env", "C")
    headers = ("--header", "X-Key=D", "--header", "Host=E")
    args = parser.build().parse_args(["readiness", *words, *headers])
    assert sorted(log.secret_variables(args)) == ["A", "B", "C", "D"]


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """The log, under an environment with secrets."""
    stream = io.StringIO()
    with logging_to(stream):
        yield stream


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("redis://:hunter2@127.0.0.1:7000/0 answers", "redis://…@127.0.0.1:7000/0 answers"),
        ("redis://me:p/w@d@127.0.0.1:7000/0", "redis://…@127.0.0.1:7000/0"),
        ("--host https://me:hunter2@agents.test", "--host https://…@agents.test"),
        ("sent t0ken-value twice: t0ken-value", "sent … twice: …"),
        ("with named-value", "with …"),
        ("found in /usr/bin", "found in /usr/bin"),
        ("http://127.0.0.1:8000 answers", "http://127.0.0.1:8000 answers"),
    ],
)
def test_a_secret_is_taken_out_of_the_log(logged: io.StringIO, message: str, shown: str) -> None:
    logging.getLogger("chaos.fleet.process").info("%s", message)
    assert logged.getvalue().endswith(f" chaos.fleet.process: {shown}\n")


def test_the_error_of_a_log_entry_has_no_secret_either(logged: io.StringIO) -> None:
    try:
        raise ValueError("t0ken-value")
    except ValueError:
        logging.getLogger("harness.run.plan").exception("broken")
    assert "ValueError: …" in logged.getvalue()
    assert "t0ken" not in logged.getvalue()


def test_a_log_on_a_terminal_takes_the_place_of_the_progress_line() -> None:
    stream = Terminal()
    with logging_to(stream):
        logging.getLogger("harness.run.plan").info("planned")
    assert stream.getvalue().startswith("\r\x1b[K")


def test_quiet_progress_shows_problems_and_nothing_else() -> None:
    stream = io.StringIO()
    progress = Progress(stream, quiet=True)
    progress.say("3 replicas ready")
    progress.note("1 of 3 replicas ready")
    progress.show(1.0, "opening", None, 10.0)
    progress.clear()
    assert stream.getvalue() == ""
    progress.problem("the load generator does not end")
    assert stream.getvalue().endswith("the load generator does not end\n")


@pytest.mark.service
def test_a_quiet_report_is_one_line_and_has_the_exit_code_of_the_verdict(tmp_path: Path) -> None:
    run_dir = Run().write(tmp_path)
    whole = command.run_here("report", str(run_dir))
    finished = command.run_here("report", "-q", str(run_dir))
    assert (finished.returncode, finished.stderr) == (whole.returncode, "")
    result = json.loads((run_dir / "result.json").read_text())
    assert finished.stdout == f"{result['verdict']}  {run_dir}  {result['headline']}\n"
    assert len(whole.stdout.splitlines()) > 1


@pytest.mark.service
def test_a_verbose_report_names_the_files_it_wrote(tmp_path: Path) -> None:
    run_dir = Run().write(tmp_path)
    finished = command.run_here("report", "--verbose", str(run_dir))
    (line,) = finished.stderr.splitlines()
    assert f"harness.commands.report: {run_dir} judged: " in line
    assert command.run_here("report", str(run_dir)).stderr == ""


@pytest.mark.service
def test_quiet_and_verbose_exclude_each_other(tmp_path: Path) -> None:
    finished = command.run_here("report", "-q", "-v", str(tmp_path))
    assert finished.returncode == 104
    assert finished.stderr == (
        "diya: -v/--verbose: not allowed with argument -q/--quiet; see `diya report --help`\n"
    )


@pytest.mark.slow
@pytest.mark.service
def test_a_quiet_fleet_prints_its_addresses_and_no_progress() -> None:
    fleet = command.start("up", "-q", "--replicas", "1", "--redis", "bundled")
    assert fleet.stdout is not None
    assert fleet.stdout.readline().startswith("balancer  http://127.0.0.1:")
    fleet.terminate()
    _, errors = fleet.communicate(timeout=30)
    assert errors == ""


@pytest.mark.slow
@pytest.mark.service
def test_a_verbose_fleet_logs_its_processes_without_passwords() -> None:
    fleet = command.start("up", "-v", "--replicas", "1", "--redis", "bundled")
    assert fleet.stdout is not None
    folder = next(line for line in fleet.stdout if line.startswith("logs")).split()[1]
    config = (Path(folder).parent / "redis" / "redis.conf").read_text()
    password = next(line for line in config.splitlines() if line.startswith("requirepass")).split()
    fleet.terminate()
    _, errors = fleet.communicate(timeout=30)
    for name in ("redis", "r01", "envoy"):
        assert f"chaos.fleet.process: {name}: process " in errors, errors
    assert password[1] not in errors
