"""Options and runs of a plain `locust -f loadtests/locustfile.py`, without the harness."""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from loadtests.adk.target import address
from loadtests.generator import permission, settings
from loadtests.generator.settings import RunSettings
from loadtests.profiles import profile
from reports.records import run_file
from reports.records.run_description import SCHEMA_VERSION, RunDescription

HOW = f"{permission.AUTHORISED}=1 in the environment, by which you say that you may"

log = logging.getLogger("diya.load")


class _Standalone(RunDescription, frozen=True, kw_only=True, omit_defaults=True):
    """The description of a load without a fleet; unknown values stay unset in `run.json`."""

    experiment: None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add options to Locust's command line, environment variables and web UI."""
    # Locust's parser takes more arguments than argparse's.
    add: Any = parser.add_argument_group("diya", "The planned load of diya").add_argument
    add("--diya-profile", env_var="DIYA_PROFILE", default="smoke", help="name, or path to a TOML")
    add("--diya-seed", env_var="DIYA_SEED", type=int, default=0, help="same seed, same arrivals")
    add("--diya-app", env_var="DIYA_APP", default="shopmax", help="the agent's name in its server")


def prepare(options: argparse.Namespace, target: str) -> RunSettings:
    """A new run for one start of the load, in a temporary directory.

    Raises ValueError, one sentence, for a bad profile, app or target.
    """
    address(target)
    permission.check_target(target, HOW)
    settings.check_app(options.diya_app)
    chosen = profile.load(os.path.expanduser(options.diya_profile))
    run_dir = Path(tempfile.mkdtemp(prefix="diya-load-"))
    log.warning(
        "playing the profile %r, seed %d; records in %s", chosen.name, options.diya_seed, run_dir
    )
    run_file.write(
        run_dir,
        _Standalone(
            schema_version=SCHEMA_VERSION,
            run_id=uuid.uuid4().hex[:12],
            origin=time.time(),
            seed=options.diya_seed,
            app=options.diya_app,
            target=target,
            profile=chosen.to_dict(),
            ttl_seconds=chosen.real_ttl_seconds,
            compression=chosen.compression,
            experiment=None,
        ),
    )
    return settings.read(run_dir)
