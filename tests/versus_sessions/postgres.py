"""A PostgreSQL cluster of our own, in a temporary folder, on a free loopback port."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from chaos.fleet.ports import LOOPBACK, free_port

DEBIAN = Path("/usr/lib/postgresql")
USER = "diya"
_START_S = 60.0
_END_S = 20.0


class NotToBeHadError(Exception):
    """There is no PostgreSQL here; the message is a reason for a person."""


def binaries(debian: Path = DEBIAN) -> Path:
    """The folder with `initdb` and `postgres`: of PATH, or of Debian's newest package.

    Raises NotToBeHadError.
    """
    if (found := shutil.which("initdb")) and (Path(found).parent / "postgres").exists():
        return Path(found).parent
    versions = [each for each in debian.glob("*/bin") if (each / "initdb").exists()]
    if not versions:
        raise NotToBeHadError(
            f"no initdb on PATH or in {debian}/*/bin (Debian: apt-get install postgresql)"
        )
    return max(versions, key=lambda each: _numbers(each.parent.name))


def _numbers(text: str) -> list[int]:
    return [int(each) for each in re.findall(r"\d+", text)]


def version(folder: Path) -> str:
    """The server's version, such as `15.14`."""
    told = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=30
    )
    found = re.search(r"\d+(\.\d+)*", told.stdout)
    return found[0] if found else told.stdout.strip()


class Postgres:
    """One cluster.  PostgreSQL refuses root: root starts it as another user without rights."""

    def __init__(self) -> None:
        """Make the cluster; `close` removes it.  Raises NotToBeHadError."""
        self.binaries = binaries()
        self.port = free_port()
        self._user = _unprivileged()
        self._process: subprocess.Popen[bytes] | None = None
        self._password = secrets.token_hex(16)
        # Not in a folder of ours: the other user may not enter it.
        self._folder = tempfile.TemporaryDirectory(prefix="diya-postgres-")
        self._data = self.folder / "data"
        self._log = self.folder / "postgres.log"
        try:
            self._make(self.folder)
        except BaseException:
            self.close()
            raise

    @property
    def folder(self) -> Path:
        """All of it, the data and the log."""
        return Path(self._folder.name)

    @property
    def url(self) -> str:
        """As SQLAlchemy's asyncio extension takes it, password included."""
        where = f"{LOOPBACK}:{self.port}/postgres"
        return f"postgresql+asyncpg://{USER}:{self._password}@{where}"

    def start(self) -> None:
        """Start the server and wait until it takes connections.

        Raises NotToBeHadError with the last line of its log when it does not.
        """
        options = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self.binaries / "postgres",
                    *("-D", self._data),
                    *(f"--{name}={value}" for name, value in options.items()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is ours: it must outlive the run that it serves
                **self._as_user(),
            )
        self._wait()

    def kill(self) -> None:
        """SIGKILL to the server and its backends, as in a crash of the machine's process tree."""
        if self._process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            server = psutil.Process(self._process.pid)
            # Before the children: the server would only start some of them again.
            server.suspend()
            everybody = [server, *server.children(recursive=True)]
            for each in everybody:
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()
            _wait_for_the_end(everybody[1:])
        self._process.wait(_END_S)
        self._process = None

    def close(self) -> None:
        """End it as `pg_ctl stop -m fast` does, killed if it does not end, and remove it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None
        self._folder.cleanup()

    def cpu_s(self) -> float | None:
        """Processor seconds of the server and its backends, ended ones included; None: it is down.

        Counts from the server's start.
        """
        process = self._process
        if process is None:
            return None
        try:
            server = psutil.Process(process.pid)
            times = server.cpu_times()
            spent = times.user + times.system + times.children_user + times.children_system
            for each in server.children():
                with contextlib.suppress(psutil.NoSuchProcess):
                    own = each.cpu_times()
                    spent += own.user + own.system
        except psutil.NoSuchProcess:
            return None
        return float(spent)

    def _as_user(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        group = pwd.getpwuid(self._user).pw_gid
        return {"user": self._user, "group": group, "extra_groups": []}

    def _make(self, folder: Path) -> None:
        secret = folder / "password"
        secret.write_text(self._password)
        if self._user is not None:
            for each in (folder, secret):
                os.chown(each, self._user, -1)
        command = [str(self.binaries / "initdb"), "-D", str(self._data), "-U", USER]
        options = ["--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C"]
        made = subprocess.run(
            command + options,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=folder,
            **self._as_user(),
        )
        secret.unlink()
        if made.returncode:
            raise NotToBeHadError(f"initdb failed: {_last(made.stderr)}")

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_S
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                last = _last(self._log.read_text(errors="replace"))
                self.close()
                raise NotToBeHadError(f"PostgreSQL did not start: {last}")
            time.sleep(0.02)

    def _ready(self) -> bool:
        """The status in the server's own file, which tells without a connection."""
        with contextlib.suppress(OSError):
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            assert self._process is not None
            pid = str(self._process.pid)
            return lines[:1] == [pid] and lines[-1].strip() == "ready"
        return False


def _wait_for_the_end(processes: list[psutil.Process]) -> None:
    """Until each is gone, or dead and waits for its new parent to notice."""
    deadline = time.monotonic() + _END_S
    for each in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            while each.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
                time.sleep(0.01)


def _unprivileged() -> int | None:
    """The user to run it as; None: ourselves, who are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    raise NotToBeHadError("PostgreSQL refuses root, and there is no user `postgres` or `nobody`")


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no word"
