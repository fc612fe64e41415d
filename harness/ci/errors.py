"""The errors of a readiness test.

ReadinessError
├── PlanError (also a ValueError)   the test asks for something that there is not
├── RunBroken                       there is no verdict: the harness broke, or was interrupted
└── (pytest.fail)                   Inconclusive: the run proves nothing

A failed expectation is an AssertionError, as of any test.
"""

from __future__ import annotations


class ReadinessError(Exception):
    """A readiness test cannot be played or judged."""


class PlanError(ReadinessError, ValueError):
    """A verb, an option or an expectation that cannot be; the sentence names the nearest one."""


class RunBroken(ReadinessError):
    """The run came to no verdict; the message carries the end of what it said."""
