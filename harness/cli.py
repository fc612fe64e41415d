"""The command `diya`: parses, runs one command, and turns what went wrong into an exit code."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness import exits, parser, streams
from harness.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from types import FrameType


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (see `harness.exits`)."""
    if argv is None:
        streams.outlive_readers()
    try:
        args = parser.build().parse_args(argv)
    except ConfigError as error:
        print(f"diya: {error}", file=sys.stderr)
        return exits.BAD_CONFIGURATION
    signal.signal(signal.SIGTERM, _interrupt)
    if getattr(args, "verbose", False):
        from harness import log

        named = getattr(args, "token_env", None)
        log.begin([*(getattr(args, "pass_env", None) or ()), *([named] if named else [])])
    try:
        return _command(args)
    except KeyboardInterrupt:
        print("diya: interrupted", file=sys.stderr)
        return exits.INTERRUPTED
    except Exception as error:
        # Imported only now: a sound run does not pay for every room's errors.
        from harness.error_exit import explain

        return explain(error)


def _command(args: argparse.Namespace) -> int:
    if args.command == "readiness":
        from harness import readiness

        return readiness.main(args)
    if args.command == "report":
        from harness import report

        return report.main(args)
    if args.command == "shrink":
        from harness import shrink

        return shrink.main(args)
    if args.command == "profile":
        from harness import profiles

        return profiles.main(args)
    if args.command == "chaos":
        from harness import one_fault

        return one_fault.main(args)
    if args.command == "demo":
        from harness import demo

        return demo.main(args)
    if args.command == "check":
        from harness import check

        return check.main(args)
    if args.command == "faults":
        from harness import faults

        return faults.main(args)
    if args.command == "experiments":
        from harness import experiments

        return experiments.main(args)
    if args.command == "completion":
        from harness import completion

        return completion.main(args)
    from harness import up

    return up.main(args)


def _interrupt(_: int, __: FrameType | None) -> None:
    # A SIGTERM, from a CI system or an init, ends a run as Ctrl-C does.
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
