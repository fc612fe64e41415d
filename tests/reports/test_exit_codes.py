"""The exit codes: scripts depend on the numbers."""

from __future__ import annotations

from reports.basics.exit_codes import ExitCode
from target_service.__main__ import EXIT_BAD_CONFIGURATION


def test_the_exit_codes_keep_their_numbers() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "GO": 0,
        "BROKEN": 70,
        "INCONCLUSIVE": 75,
        "NO_GO": 99,
        "BAD_CONFIGURATION": 104,
        "INTERRUPTED": 105,
    }


def test_a_replica_ends_on_bad_configuration_as_the_harness_does() -> None:
    assert EXIT_BAD_CONFIGURATION == ExitCode.BAD_CONFIGURATION
