"""The arguments of `diya model`."""

from __future__ import annotations

import argparse
from typing import Any

from harness.arguments import shared
from target_service.stand_in import options

_MODEL = """\
A server that speaks Gemini's API and OpenAI's chat completions in place of a model, until Ctrl-C.
It prints the environment that makes an unmodified agent use it.  It needs no key, and no packet
leaves this machine.  --quota takes the name of a public tier too, as gemini-2.5-flash-tier-1."""
_DEFAULT_ADDRESS = "127.0.0.1:8400"


def model(commands: Any) -> None:
    """Add `diya model`."""
    parser = commands.add_parser(
        "model",
        help="play the model of an unmodified agent",
        description=_MODEL,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add(parser, bind=_DEFAULT_ADDRESS)
    shared.verbose(parser)
