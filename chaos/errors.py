"""The errors of this room.

ChaosError
└── ChaosConfigError (also a ValueError): the input asks for something impossible
    └── ContainersUnavailable: there is no Docker engine, or no image
"""

from __future__ import annotations


class ChaosError(Exception):
    """A process did not do as it was told, or a fault could not be done."""


class ChaosConfigError(ChaosError, ValueError):
    """Bad input: one sentence that names the file, the key, the value and the expected value."""


class ContainersUnavailable(ChaosConfigError):
    """There is no Docker engine, or an image can be had from nowhere."""
