"""The fleet's own Redis-protocol server: append-only file, random password, loopback only."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import redis

from chaos.errors import ChaosError
from chaos.fleet import aof
from chaos.fleet.ports import LOOPBACK, free_port
from chaos.fleet.process import ManagedProcess
from chaos.fleet.redis_binary import find_server
from chaos.fleet.redis_client import connect
from chaos.fleet.single_redis import SingleRedis

Fsync = Literal["off", "everysec", "always"]
"""No append-only file, or how often it is flushed to disk."""

_CONFIG = """\
bind 127.0.0.1
protected-mode yes
port {port}
requirepass {password}
appendonly {appendonly}
appendfsync {fsync}
save {save}
enable-debug-command no
# Stalls from 10 ms on are remembered for the report, as slow commands are.
latency-monitor-threshold 10
# A histogram for each command ever used takes 25 kB: memory that no session needs.
latency-tracking no
daemonize no
# The process title would overwrite the environment, by which the guardian knows the server.
set-proc-title no
"""
_SAVES = "3600 1 300 100 60 10000"
"""Redis's own defaults for snapshots."""


class RedisServer(SingleRedis):
    """One server process, whose data and configuration live in `directory`."""

    def __init__(
        self,
        kind: str = "auto",
        directory: Path = Path("redis"),
        port: int | None = None,
        aof: Fsync = "everysec",
        *,
        name: str = "redis",
        announced: int | None = None,
        rdb: bool = False,
        password: str | None = None,
        lines: Sequence[str] = (),
        log: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Nothing is started.

        `announced` is the port that others are told of, where a proxy is on the way (default: its
        own).  `rdb` lets it take snapshots as Redis does by default; `lines` are added to its
        configuration.  Raises ChaosConfigError when there is no such server here.
        """
        self.name = name
        self.port = free_port() if port is None else port
        self.announced = announced or self.port
        """Where sentinels, other servers and customers find it."""
        self.aof = aof
        self._password = password or secrets.token_hex(24)
        self._directory = directory.absolute()
        self._config = self._directory / "redis.conf"
        self._lines = [
            *_CONFIG.format(
                port=self.port,
                password=self._password,
                appendonly="no" if aof == "off" else "yes",
                fsync="everysec" if aof == "off" else aof,
                save=_SAVES if rdb else '""',
            ).splitlines(),
            *lines,
        ]
        self._process = ManagedProcess(
            name,
            [str(find_server(kind)), self._config.name],
            log=log or self._directory / "redis.log",
            env=os.environ if env is None else env,
            cwd=self._directory,
        )

    def __repr__(self) -> str:
        return f"<RedisServer 127.0.0.1:{self.port} pid={self.pid}>"

    @property
    def address(self) -> str:
        """The address without the password."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    @property
    def fsync(self) -> str:
        """Its append-only file: `off`, `everysec` or `always`."""
        return self.aof

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process.running

    @property
    def frozen(self) -> bool:
        """Whether it is stopped by a signal."""
        return self._process.frozen

    @property
    def identity(self) -> str | None:
        """New at every start; None while it does not run."""
        return self._process.identity

    @property
    def url(self) -> str:
        """The address, password included: for the environment of replicas, never for logs."""
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    @property
    def pid(self) -> int | None:
        """The pid while the server runs."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How the last server process ended; None while it runs."""
        return self._process.exit_code

    def start(self) -> None:
        """Start the server on its data.  Raises ChaosError."""
        self.start_with(())

    def start_with(self, lines: Sequence[str]) -> None:
        """As `start`, with these lines of configuration too, for this start only."""
        self._write_config()
        self._process.start(*(word for line in lines for word in ("--" + line).split()))

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nothing answers.  Raises ChaosError."""
        self._process.freeze()

    def resume(self) -> None:
        """SIGCONT."""
        self._process.resume()

    def log_sizes(self) -> dict[str, int]:
        """The parts of its append-only file that still grow, and their sizes in bytes."""
        return aof.sizes(self._directory)

    def cut_log(self, sizes: Mapping[str, int]) -> int:
        """Cut those parts back to these sizes; the bytes that are gone.

        Raises ChaosError while the server runs.
        """
        if self.running:
            raise ChaosError(f"{self.name} runs: its append-only file cannot be cut")
        return aof.cut(self._directory, sizes)

    def wait_ready(self, timeout: float = 10.0) -> None:
        """Wait until it answers PING and has loaded its data.

        Raises ChaosError, with the end of its log, when it ends or `timeout` seconds pass.
        """
        self._process.wait_until(self.answers, timeout, "ready")

    def answers(self) -> bool:
        """Whether it answers PING now (a server that is loading its data does not).

        Raises ChaosError when a server answers that is not this one.
        """
        try:
            with connect(self.url) as client:
                return bool(client.ping())
        except redis.AuthenticationError:
            raise ChaosError(
                f"port {self.port} must belong to {self.name}, got another server"
            ) from None
        except redis.RedisError:
            return False

    def wait_until(self, condition: Callable[[], bool], timeout: float, state: str) -> None:
        """Wait until `condition` holds while it runs.  Raises ChaosError, with its log's end."""
        self._process.wait_until(condition, timeout, state)

    def terminate(self, timeout: float = 10.0) -> bool:
        """SIGTERM: it writes its data and ends.  Whether it has ended after `timeout` seconds."""
        return not self.running or self._process.terminate(timeout)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()

    def restart(self, timeout: float = 10.0) -> None:
        """`terminate`, `start`, `wait_ready`, each within `timeout` seconds.  Raises ChaosError."""
        if not self.terminate(timeout):
            raise ChaosError(f"{self.name} did not end within {timeout:g} s after SIGTERM")
        self.start()
        self.wait_ready(timeout)

    def close(self) -> None:
        """Kill it for good, without waiting, and remove the file that holds the password."""
        self._process.close()
        self._config.unlink(missing_ok=True)

    def wait_ended(self, timeout: float) -> bool:
        """Whether it has ended, after at most `timeout` seconds."""
        return self._process.wait_ended(timeout)

    def _write_config(self) -> None:
        if self._config.exists():
            return  # a Sentinel has written this server's role into it
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._config, self._lines)


def write_private(path: Path, lines: Sequence[str]) -> None:
    """A new file that only its owner may read, from its first moment."""
    # The password is in it, and never in the command line.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")
