"""`diya readiness --join HOST`: workers on this machine play for a master on another one."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
from pathlib import Path

from chaos.fleet.guardian import RUN_ID_VARIABLE, Guardian
from harness.run.load import token_keeper
from harness.run.load.generator import end, start_worker
from harness.run.options import access_options, worker_options
from reports.basics.exit_codes import ExitCode


def main(args: argparse.Namespace) -> int:
    """Work until the master ends the run.

    INCONCLUSIVE when the master was lost or refused a worker, else GO.
    """
    host, port = worker_options.address("--join", args.join)
    workers = worker_options.check_count(args.workers)
    command = access_options.token_command(args)
    guardian = Guardian.start(ours := secrets.token_hex(6))
    env = {**os.environ, RUN_ID_VARIABLE: ours}
    env["DIYA_AUTHORISED"] = "1" if args.authorised else "0"
    env.pop("DIYA_RUN_DIR", None)
    try:
        with (
            token_keeper.kept(command, [], _tell) as variables,
            tempfile.TemporaryDirectory(prefix="diya-join-") as folder,
        ):
            env |= variables
            logs = [Path(folder) / f"worker-{number + 1}.log" for number in range(workers)]
            processes = [start_worker(host, port, log, env) for log in logs]
            print(f"diya: {workers} workers for {host}:{port}", flush=True)
            try:
                codes = [process.wait() for process in processes]
            finally:
                end(processes)
            for log, code in zip(logs, codes, strict=True):
                if code:
                    sys.stderr.write(log.read_text(errors="replace"))
    finally:
        guardian.close()
    return ExitCode.GO if not any(codes) else ExitCode.INCONCLUSIVE


def _tell(problem: str) -> None:
    print(f"diya: {problem}", file=sys.stderr)
