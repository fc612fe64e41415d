"""The errors of a readiness test.

ReadinessError
└── PlanError (also a ValueError)   the test asks for something that does not exist

`harness.errors.RunBroken` says that there is no verdict: the harness broke, or was interrupted.  A
run that proves nothing fails or skips the test.  A failed expectation is an AssertionError, as of
any test.
"""

from __future__ import annotations


class ReadinessError(Exception):
    """A readiness test cannot be played or judged."""


class PlanError(ReadinessError, ValueError):
    """An unknown or impossible fault, option or expectation; the message names the nearest one."""
