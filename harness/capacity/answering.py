"""The answer of a capacity run: the sheet on the screen, and files beside `capacity.json`."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from harness.capacity import answer_sheet
from loadtests.profiles import journeys
from loadtests.profiles import profile as profiles
from loadtests.profiles.profile import Profile
from loadtests.simulation import calibration as calibrations
from loadtests.simulation import from_capacity
from reports.capacity.findings import CapacityFindings
from reports.render.answer import files, terminal

_LOG = logging.getLogger(__name__)


def answer_and_show(root: Path, findings: CapacityFindings, *, quiet: bool = False) -> int:
    """Write the answer into the run's directory and print it, one line if `quiet`.

    Returns the exit code of its verdict.  Raises ConfigError or ProfileError for a question that
    cannot be answered, OSError for a directory that is not writable.
    """
    source = str(root / "capacity.json")
    book = None if findings.journeys is None else journeys.from_dict(findings.journeys, source)
    profile = profiles.from_dict(
        findings.profile_values, source, None if book is None else book.journeys
    )
    # Before the calibration, which takes a second.
    question = answer_sheet.question(findings.asked, profile, book)
    _calibrate(root, findings, profile)
    sheet = answer_sheet.make(root, findings, question, profile, book)
    code = answer_sheet.write(root, sheet)
    if quiet:
        print(f"{sheet.verdict} {root} {sheet.headline}")
    else:
        report = str(root / files.PAGE)
        print(terminal.render(sheet, color=sys.stdout.isatty(), report=report), end="")
    return code


def _calibrate(root: Path, findings: CapacityFindings, profile: Profile) -> None:
    """Write the simulator's parameters; without enough measurements fleets are not simulated."""
    try:
        calibrations.write(root / calibrations.FILE, from_capacity.calibrate(findings, profile))
    except calibrations.CalibrationError as error:
        _LOG.info("%s is not calibrated: %s", root, error)
