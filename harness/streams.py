"""Standard output and error that survive a closed pipe, as in `diya report RUN | head -1`.

A command runs to its end without a reader, so that its exit code stays the same.
"""

from __future__ import annotations

import io
import os
import select
import sys
from typing import Any, TextIO, cast


class _Descriptor(io.FileIO):
    """A file descriptor that writes to /dev/null once its reader is gone."""

    unread = False
    """True once its reader is gone."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            self.unread = True
            return len(memoryview(data).cast("B"))


def outlive_readers() -> None:
    """Let `sys.stdout` and `sys.stderr` accept output after their reader is gone.

    Of a stream that was closed before the start (`>&-`), the next file that is opened would get the
    descriptor, and be written to by whoever writes to the stream.
    """
    _fill_gaps()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            setattr(sys, name, _outliving(stream))


def _fill_gaps() -> None:
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free descriptor, which is this one
            os.set_inheritable(number, True)
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:  # never closed: its descriptor is the process's own
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115


def _outliving(stream: io.TextIOWrapper) -> TextIO:
    stream.flush()
    raw = _Descriptor(stream.fileno(), "wb", closefd=False)
    unbuffered = isinstance(stream.buffer, io.RawIOBase)  # PYTHONUNBUFFERED
    return io.TextIOWrapper(
        cast(io.BufferedWriter, raw) if unbuffered else io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def wait_for_end() -> None:
    """Wait until the reader of standard output is gone, or for an exception of a signal."""
    poll = select.poll()
    if isinstance(sys.stdout, io.TextIOWrapper):
        raw = getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)
        if isinstance(raw, _Descriptor) and raw.unread:
            return
        poll.register(sys.stdout.fileno(), 0)  # poll reports errors without a flag
    poll.poll()
