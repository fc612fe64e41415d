"""`diya up`: the fleet, kept until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import secrets
import tempfile
import time
from pathlib import Path

from chaos.experiment.control import FOLDER_PREFIX, Control
from chaos.experiment.control_functions import functions
from chaos.fleet.process_fleet import ProcessFleet
from chaos.fleet.stand_in_control import TOKEN_VARIABLE
from harness import streams
from harness.errors import ConfigError
from harness.run.model import model_options, stand_in
from harness.run.options import agent_options, option_values, service_uris
from harness.run.progress import Progress
from reports.basics.exit_codes import ExitCode

_READY_S = 90.0


def main(args: argparse.Namespace) -> int:
    """Start the fleet, print its addresses, wait for Ctrl-C, SIGTERM or a closed pipe, clean up."""
    option_values.check_sessions(args.sessions)
    service_uris.check_postgres(args.sessions)
    option_values.check_port(args.port)
    agent = None if args.agent is None else agent_options.agent_folder(args.agent)
    if args.ttl < 1:
        raise ConfigError(f"--ttl {args.ttl:g}: must be at least 1 second")
    chosen = model_options.choice(args, agent=agent)
    with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX) as folder:
        fleet = ProcessFleet(
            Path(folder),
            secrets.token_hex(6),
            replicas=args.replicas,
            redis=args.redis,
            sessions=args.sessions,
            ttl_seconds=args.ttl,
            base_port=args.port,
            topology=option_values.topology(args),
            proxy=args.proxy,
            leftovers=[Path(folder)],
            extra_env={
                **model_options.replica_env(chosen, agent),
                **({"DIYA_AGENT": str(agent)} if agent else {}),
            },
            stand_in=stand_in.planned(chosen, Path(folder), time.time(), quota_at_once=True),
        )
        fleet.app = agent_options.SHOPMAX if agent is None else agent.name
        with fleet:
            progress = Progress(quiet=args.quiet)
            fleet.start(progress.note)
            fleet.wait_ready(_READY_S)
            with Control(Path(folder), functions(fleet)), contextlib.suppress(KeyboardInterrupt):
                _print_addresses(fleet, folder)
                streams.wait_for_end()
            progress.clear()
    return ExitCode.GO


def _print_addresses(fleet: ProcessFleet, folder: str) -> None:
    print(f"balancer  {fleet.url}")
    for name, replica in fleet.replicas.items():
        print(f"{name}       http://127.0.0.1:{replica.port}")
    print(f"sessions  {fleet.store}" if not fleet.redis.url else f"redis     {fleet.store}")
    if fleet.stand_in is not None:
        # Printed once and kept nowhere, as by `diya model`.
        print(f"model     {fleet.stand_in.url} (stand-in, {TOKEN_VARIABLE}={fleet.stand_in.token})")
    print(f"logs      {folder}/logs")
    print("Ctrl-C ends it.", flush=True)
