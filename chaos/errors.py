"""The errors of this room.

ChaosError
├── NotHealedError: a fault is not healed, and a command heals it by hand
└── ChaosConfigError (also a ValueError): the input asks for something impossible
    └── ContainersUnavailable: there is no Docker engine, or no image
"""

from __future__ import annotations


class ChaosError(Exception):
    """A process did not do as it was told, or a fault could not be done."""


class NotHealedError(ChaosError):
    """A fault is not healed."""

    def __init__(self, sentence: str, by_hand: str) -> None:
        """`by_hand` is the command that heals it."""
        super().__init__(f"{sentence}; by hand: {by_hand}")
        self.by_hand = by_hand


class ChaosConfigError(ChaosError, ValueError):
    """Bad input: one sentence that names the file, the key, the value and the expected value."""


class ContainersUnavailable(ChaosConfigError):
    """There is no Docker engine, or an image can be had from nowhere."""
