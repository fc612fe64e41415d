"""Errors of this room.

ValueError
└── HistoryError   the run directory cannot be read as the history of a run
"""

from __future__ import annotations


class HistoryError(ValueError):
    """One sentence that names the file, and the line or key, and the expected value."""
