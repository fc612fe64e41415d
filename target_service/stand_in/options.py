"""The options of the stand-in: the same for its process and for `diya model`.

This file imports nothing slow, because `diya --help` loads it.
"""

from __future__ import annotations

import argparse


class OptionError(ValueError):
    """An option that cannot be used; the message is one sentence that names it."""


def add(parser: argparse.ArgumentParser, *, bind: str) -> None:
    """Add the options; `bind` is the default address."""
    parser.add_argument(
        "--bind",
        default=bind,
        metavar="HOST:PORT",
        help="the address to listen at; port 0: a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--latency",
        default="quick",
        metavar="PRESET|TTFT,TOKENS/S,SIGMA",
        help="how long the model takes: none, quick, a model's name as gemini-2.5-flash, or "
        "seconds to the first token, tokens a second, and the sigma of the time to the first token "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--quota",
        metavar="RPM[,TPM[,input]]",
        help="requests and tokens a minute; calls beyond it are refused with 429",
    )
    parser.add_argument(
        "--tools",
        default="dry",
        metavar="NAME,...|all|dry",
        help="the agent's tools that may be called, because they run for real: names, all, or dry "
        "for none (default: %(default)s)",
    )
    parser.add_argument(
        "--script",
        metavar="FILE",
        help="which tools are called for which messages: a file of journeys with "
        "[journey.NAME.model] calls = [...], or the JSON made from it",
    )
    kept = parser.add_mutually_exclusive_group()
    kept.add_argument(
        "--record",
        metavar="DIR",
        help="pass every call on to the real model, with the key that the agent or the environment "
        "has, and keep its replies in this folder",
    )
    kept.add_argument(
        "--replay",
        metavar="DIR",
        help="answer from the recording in this folder, with the recorded timing",
    )
    parser.add_argument(
        "--record-from",
        metavar="URL",
        help="the address of the real model (default: Google's for Gemini, else OpenAI's)",
    )
    parser.add_argument("--log", metavar="FILE", help="append a line of JSON for every call")
    parser.add_argument(
        "--origin",
        type=float,
        metavar="SECONDS",
        help="the Unix time at which the log's clock begins (default: now)",
    )


def address(text: str) -> tuple[str, int]:
    """Host and port of HOST:PORT; an IPv6 address may stand in brackets.  Raises OptionError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise OptionError(f"--bind: must be HOST:PORT, got {text!r}")
    return host.removeprefix("[").removesuffix("]"), int(port)
