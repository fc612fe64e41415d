"""A neighbour on the machine: it takes half a core now and then.

It works for 1 to 8 seconds, 10 ms of every 20, then rests for 1 to 8 seconds, by its own seed.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_SLICE_S = 0.01


@contextmanager
def neighbour(seed: int) -> Iterator[None]:
    """The neighbour works until the end of the block."""
    process = subprocess.Popen([sys.executable, "-m", __name__, str(seed)])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def main(seed: int) -> None:
    """Work and rest for ever."""
    draw = random.Random(f"neighbour/{seed}")
    while True:
        end = time.monotonic() + draw.uniform(1, 8)
        while time.monotonic() < end:
            busy = time.thread_time() + _SLICE_S
            while time.thread_time() < busy:
                pass
            time.sleep(_SLICE_S)
        time.sleep(draw.uniform(1, 8))


if __name__ == "__main__":
    main(int(sys.argv[1]))
