"""`diya up`: the fleet, kept until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import secrets
import tempfile
from pathlib import Path

from chaos.experiment.control import FOLDER_PREFIX, Control
from chaos.experiment.control_functions import functions
from chaos.fleet.process_fleet import ProcessFleet
from harness import streams
from harness.errors import ConfigError
from harness.run import agent_options, options
from harness.run.progress import Progress
from reports.basics.exit_codes import ExitCode

_READY_S = 90.0


def main(args: argparse.Namespace) -> int:
    """Start the fleet, print its addresses, wait for Ctrl-C, SIGTERM or a closed pipe, clean up."""
    options.check_sessions(args.sessions)
    options.check_port(args.port)
    agent = None if args.agent is None else agent_options.agent_folder(args.agent)
    if args.ttl < 1:
        raise ConfigError(f"--ttl {args.ttl:g}: must be at least 1 second")
    with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX) as folder:
        fleet = ProcessFleet(
            Path(folder),
            secrets.token_hex(6),
            replicas=args.replicas,
            redis=args.redis,
            sessions=args.sessions,
            ttl_seconds=args.ttl,
            base_port=args.port,
            topology=options.topology(args),
            proxy=args.proxy,
            leftovers=[Path(folder)],
            extra_env={"DIYA_AGENT": str(agent)} if agent else None,
        )
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
    print(f"redis     {fleet.redis.info.name} {fleet.redis.info.version}")
    print(f"logs      {folder}/logs")
    print("Ctrl-C ends it.", flush=True)
