"""What all tests share."""

from __future__ import annotations

import signal

# A shell's background job ignores Ctrl-C, and so would every process that a test starts from it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A repository of its own: `tests/containers/test_sample_repo.py` runs its tests as its users would.
collect_ignore = ["sample_repo"]
