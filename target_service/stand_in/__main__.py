"""The stand-in as a process of its own: `python -m target_service.stand_in --bind HOST:PORT`.

Once it listens it prints one line of JSON: its address, and the token of its control unless the
environment gave it.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys

from target_service.stand_in import options, parts, serve

EXIT_BAD_CONFIGURATION = 104
"""As the harness ends on bad configuration; this process imports nothing of it."""


def main() -> int:
    """Serve until a signal; for options that cannot be used print one sentence, return 104."""
    parser = argparse.ArgumentParser(prog="python -m target_service.stand_in", description=__doc__)
    options.add(parser, bind="127.0.0.1:0")
    args = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        app, drawn = parts.build(args)
        bound = serve.listen(args.bind)
    except options.OptionError as error:
        print(f"diya: config: {error}", file=sys.stderr)
        return EXIT_BAD_CONFIGURATION
    told = json.dumps({"url": serve.url_of(bound), **({"token": drawn} if drawn else {})})
    serve.serve(app, bound, lambda: print(told, flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
