"""What the process's exit code means."""

GO = 0
BROKEN = 70
"""The harness itself broke."""
INCONCLUSIVE = 75
NO_GO = 99
BAD_CONFIGURATION = 104
INTERRUPTED = 105
