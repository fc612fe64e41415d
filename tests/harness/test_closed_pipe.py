"""A reader that has seen enough ends nothing and breaks nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reports.basics.exit_codes import ExitCode
from tests.harness import command
from tests.reports.a_run import Run

pytestmark = pytest.mark.service


def unread(*arguments: str, both: bool = False) -> subprocess.CompletedProcess[bytes]:
    """The finished command, whose output goes to a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            [*command.DIYA, *arguments],
            cwd=command.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer if both else subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writer)


@pytest.mark.parametrize(
    ("arguments", "code", "unbuffered"),
    [
        (("profile", "show", "diwali"), ExitCode.GO, ""),
        (("profile", "show", "diwali"), ExitCode.GO, "1"),
        (("profile", "list"), ExitCode.GO, "1"),
        (("--help",), ExitCode.GO, ""),
        (("profile", "show", "no-such"), ExitCode.BAD_CONFIGURATION, ""),
    ],
)
def test_output_that_nobody_reads_changes_no_exit_code(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, unbuffered: str
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    done = unread(*arguments)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr
    assert unread(*arguments, both=True).returncode == code


@pytest.mark.slow
def test_a_report_that_nobody_reads_has_its_verdict_s_code(tmp_path: Path) -> None:
    run = Run()
    run.sound()
    run_dir = run.write(tmp_path)
    code = command.run("report", str(run_dir)).returncode
    assert code in (ExitCode.GO, ExitCode.NO_GO, ExitCode.INCONCLUSIVE)
    assert unread("report", str(run_dir)).returncode == code
    assert unread("report", str(run_dir), both=True).returncode == code


@pytest.mark.slow
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_was_closed_before_the_start_changes_no_exit_code(
    tmp_path: Path, closed: str
) -> None:
    run = Run()
    run.sound()
    run_dir = run.write(tmp_path)
    code = command.run("report", str(run_dir)).returncode
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", *command.DIYA, "report", str(run_dir)],
        cwd=command.ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (code, False)
    assert (run_dir / "report.html").read_text(encoding="utf-8").startswith("<!"), "no output in it"


@pytest.mark.slow
def test_a_fleet_that_is_up_ends_with_the_reader_of_its_output() -> None:
    fleet = command.start("up", "--replicas", "1", "--redis", "bundled")
    assert fleet.stdout is not None
    assert fleet.stdout.readline().startswith("balancer"), "it did not come up"
    fleet.stdout.close()
    assert fleet.wait(60) == ExitCode.GO
