"""Redis at its real size alone: `python -m harness.capacity.redis_size --redis bundled`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from chaos.errors import ChaosConfigError, ChaosError
from harness.capacity.redis_size import table
from harness.capacity.redis_size.measure import SIZES, measure
from loadtests.profiles import profile as profiles
from loadtests.profiles.profile import ProfileError
from reports.basics.exit_codes import ExitCode


def main() -> int:
    """Measure, with the progress on stderr and the table on stdout."""
    parser = argparse.ArgumentParser(prog="python -m harness.capacity.redis_size")
    parser.add_argument("--profile", default="diwali")
    parser.add_argument("--redis", default="auto", help="auto, bundled or system")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of sessions")
    args = parser.parse_args()
    try:
        profile = profiles.load(args.profile)
        with tempfile.TemporaryDirectory(prefix="diya-redis-size-") as folder:
            size = measure(
                args.sizes,
                profile=profile,
                directory=Path(folder),
                redis=args.redis,
                say=lambda text: print(text, file=sys.stderr, flush=True),
            )
    except (ChaosError, ProfileError) as error:
        print(f"diya: {error}", file=sys.stderr)
        wrong = isinstance(error, ChaosConfigError | ProfileError)
        return ExitCode.BAD_CONFIGURATION if wrong else ExitCode.BROKEN
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    print(table.text(size), end="")
    return ExitCode.GO


if __name__ == "__main__":
    sys.exit(main())
