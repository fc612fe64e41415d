"""The harness's own errors.

HarnessError
├── ConfigError          exit 104: one sentence, nothing was started
├── GeneratorError       exit 70: the load generator did not start
├── RecordsError         exit 70: the disk takes no more records
└── RunBroken            a run in a process of its own ended without a verdict
"""

from __future__ import annotations


class HarnessError(Exception):
    """Something in the run itself went wrong."""


class ConfigError(HarnessError, ValueError):
    """An option that cannot be used; the message names it, its value and the expected value."""


class GeneratorError(HarnessError):
    """The load generator did not start; the message carries the end of its log."""


class RecordsError(HarnessError):
    """The run directory takes no more records; the message gives the reason."""


class RunBroken(HarnessError):
    """A run ended without a verdict; the message carries the end of its output."""
