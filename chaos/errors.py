"""The errors of this room.

ChaosError
└── ChaosConfigError (also a ValueError): what was asked for cannot be done as it was asked
"""

from __future__ import annotations


class ChaosError(Exception):
    """A process did not do what it was told, or a fault could not be done."""


class ChaosConfigError(ChaosError, ValueError):
    """Bad input: one sentence that names the file, the key, the value and what was expected."""
