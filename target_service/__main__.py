"""One replica: `python -m target_service --port 8000`, settings by environment."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import warnings

from target_service.server import import_stubs
from target_service.settings import SettingsError, from_environment

EXIT_BAD_CONFIGURATION = 104
"""As the harness ends on bad configuration; this service imports nothing of it."""


def main() -> int:
    """Run the replica; for unusable settings print one sentence on stderr and return 104."""
    parser = argparse.ArgumentParser(prog="python -m target_service", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    args = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # Customers' messages must not appear in traces, and recording them slows a turn.
    os.environ.setdefault("ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS", "false")
    # ADK would warn at every model call, because the scripted model counts no tokens.
    logging.getLogger("google_adk.google.adk.telemetry").setLevel(logging.ERROR)
    # ADK warns about its own experimental features at every start.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"google\.adk")
    # Imports leave no garbage, and collecting takes a tenth of the start-up time.  The end of the
    # warm-up switches the collector on again.
    gc.disable()
    import_stubs.leave_out()
    try:
        from target_service.server.serve import serve

        serve(from_environment(), args.host, args.port)
    except SettingsError as error:
        print(f"diya: config: {error}", file=sys.stderr)
        return EXIT_BAD_CONFIGURATION
    return 0


if __name__ == "__main__":
    sys.exit(main())
