"""The command `diya`: parses its arguments, runs a subcommand, and turns errors into exit codes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from harness import log, parser, streams
from harness.errors import ConfigError
from reports.basics.exit_codes import ExitCode

if TYPE_CHECKING:
    import argparse
    from types import FrameType

    Command = Callable[[argparse.Namespace], int]

_FINALIZED_S = 0.05
"""A finalizer has ended after this time."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (see `reports.basics.exit_codes`)."""
    if argv is None:
        streams.outlive_readers()
    try:
        args = parser.build().parse_args(argv)
    except ConfigError as error:
        print(f"diya: {error}", file=sys.stderr)
        return ExitCode.BAD_CONFIGURATION
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored
        signal.signal(signal.SIGINT, _interrupt)
    secrets = log.secret_variables(args)
    if getattr(args, "verbose", False):
        log.begin(secrets)
    try:
        return _command(args)
    except KeyboardInterrupt:
        print("diya: interrupted", file=sys.stderr)
        return ExitCode.INTERRUPTED
    except Exception as error:
        # Imported only now: a sound run does not pay for every room's errors.
        from harness.error_exit import explain

        return explain(error, secrets)


def _command(args: argparse.Namespace) -> int:
    # Imported only now: a command pays for its own imports and for no other's.
    command: Command = import_module(f"harness.commands.{args.command}").main
    return command(args)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End the command: by Ctrl-C, or by a SIGTERM from a CI system or an init."""
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            # Python drops an exception of a finalizer, so the signal comes again after it.
            again = threading.Timer(_FINALIZED_S, os.kill, (os.getpid(), number))
            again.daemon = True
            again.start()
            return
        frame = frame.f_back
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
