"""From the options to the application: the parts that decide the stand-in's answers."""

from __future__ import annotations

import argparse
import math
import os
import secrets
from pathlib import Path

from target_service.stand_in import latency, quota
from target_service.stand_in.call_log import CallLog, LogError
from target_service.stand_in.latency import LatencyError
from target_service.stand_in.options import OptionError
from target_service.stand_in.quota import SlidingQuota
from target_service.stand_in.server import StandIn

TOKEN_VARIABLE = "DIYA_MODEL_TOKEN"
"""The environment variable that holds the control's token; without it a token is drawn."""


def build(args: argparse.Namespace) -> tuple[StandIn, str | None]:
    """The application, and the token of its control if it was drawn.  Raises OptionError."""
    drawn = None if os.environ.get(TOKEN_VARIABLE) else secrets.token_urlsafe(24)
    if args.origin is not None and not math.isfinite(args.origin):
        raise OptionError(f"--origin: must be a Unix time in seconds, got {args.origin}")
    try:
        speed = latency.parse(args.latency)
    except LatencyError as error:
        raise OptionError(f"--latency: {error}") from None
    try:
        limits = None if args.quota is None else quota.parse(args.quota)
    except ValueError as error:
        raise OptionError(f"--quota: {error}") from None
    try:
        log = CallLog(None if args.log is None else Path(args.log), args.origin)
    except LogError as error:
        raise OptionError(f"--log: {error}") from None
    token = drawn or os.environ[TOKEN_VARIABLE]
    return StandIn(latency=speed, log=log, token=token, quota=SlidingQuota(limits)), drawn
