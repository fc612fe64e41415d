"""Adds options that are declared once, for the command line and for the pytest plugin."""

from __future__ import annotations

import argparse
from typing import Any

from diya_options import Option
from harness.arguments.base import number, whole


def add(parser: argparse.ArgumentParser, *options: Option, **more: Any) -> None:
    """Add them; `more` is for `add_argument`, as `default`."""
    for option in options:
        given: dict[str, Any] = {"help": option.help, **more}
        match option.kind:
            case "flag":
                given["action"] = "store_true"
            case "words":
                given["action"] = "append"
            case "whole":
                given["type"] = whole
            case "seconds":
                given["type"] = number
        if option.metavar is not None:
            given["metavar"] = option.metavar
        if option.choices:
            given["choices"] = option.choices
        parser.add_argument(option.flag, **given)
