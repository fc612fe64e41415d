"""From the options to the application: the parts that decide the stand-in's answers."""

from __future__ import annotations

import argparse
import math
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from target_service.stand_in import latency, quota
from target_service.stand_in.call_log import CallLog, LogError
from target_service.stand_in.latency import LatencyError
from target_service.stand_in.options import OptionError
from target_service.stand_in.quota import SlidingQuota
from target_service.stand_in.replies.allowed import AllowedTools
from target_service.stand_in.replies.chain import Chain
from target_service.stand_in.replies.errors import RepliesError
from target_service.stand_in.replies.record import Recorder
from target_service.stand_in.replies.recorded import Recorded
from target_service.stand_in.replies.script import Script
from target_service.stand_in.server import StandIn

TOKEN_VARIABLE = "DIYA_MODEL_TOKEN"
"""The environment variable that holds the control's token; without it a token is drawn."""


def build(
    args: argparse.Namespace, script: Mapping[str, Any] | None = None
) -> tuple[StandIn, str | None]:
    """The application, and the token of its control if it was drawn.

    `script` has the values of a script that was read already, else `--script` names a file.  Raises
    OptionError.
    """
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
        replies, upstream = _replies(args, script), _recorder(args)
    except RepliesError as error:
        raise OptionError(str(error)) from None
    try:
        log = CallLog(None if args.log is None else Path(args.log), args.origin)
    except LogError as error:
        raise OptionError(f"--log: {error}") from None
    token = drawn or os.environ[TOKEN_VARIABLE]
    app = StandIn(
        latency=speed,
        log=log,
        token=token,
        replies=replies,
        quota=SlidingQuota(limits),
        upstream=upstream,
    )
    return app, drawn


def _replies(args: argparse.Namespace, script: Mapping[str, Any] | None) -> Chain:
    """Raises OptionError or RepliesError."""
    try:
        allowed = AllowedTools.parse(args.tools)
    except RepliesError as error:
        raise OptionError(f"--tools: {error}") from None
    said = None
    if script is not None:
        said = Script(script, allowed, str(args.script))
    elif args.script is not None:
        said = Script.load(Path(args.script), allowed)
    recorded = None if args.replay is None else Recorded(Path(args.replay), allowed)
    return Chain(allowed, script=said, recorded=recorded)


def _recorder(args: argparse.Namespace) -> Recorder | None:
    """Raises RepliesError."""
    if args.record is not None:
        return Recorder(Path(args.record), args.record_from)
    if args.record_from is not None:
        raise RepliesError(f"--record-from {args.record_from}: must come with --record DIR")
    return None
