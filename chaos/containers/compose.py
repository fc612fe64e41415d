"""Runs deploy/compose.yaml with the compose plugin or docker-compose."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from chaos.errors import ChaosError, ContainersUnavailable

FILE = Path(__file__).resolve().parents[2] / "deploy" / "compose.yaml"

_LOG = logging.getLogger(__name__)
_BUILD_S = 900.0
_UP_S = 120.0
_DOWN_S = 60.0
_TAIL_LINES = 12


def command() -> tuple[str, ...]:
    """The command that runs compose files.  Raises ContainersUnavailable without one."""
    docker = shutil.which("docker")
    if docker is not None:
        asked = subprocess.run([docker, "compose", "version"], capture_output=True, check=False)
        if asked.returncode == 0:
            return docker, "compose"
    if (alone := shutil.which("docker-compose")) is not None:
        return (alone,)
    raise ContainersUnavailable(
        "--env compose needs the compose plugin of docker, or docker-compose; neither is installed"
    )


class Project:
    """The file under a name of its own, with its variables."""

    def __init__(self, name: str, variables: Mapping[str, str]) -> None:
        """Nothing is started.  Raises ContainersUnavailable without compose or its file."""
        if not FILE.is_file():
            raise ContainersUnavailable(
                f"--env compose: diya must be installed from a checkout, got no {FILE}"
            )
        self.name = name
        self._command = [*command(), "--project-name", name, "--file", str(FILE)]
        # They hold secrets, which must not be in a command line.
        self._environment = {**os.environ, **variables}

    def build(self, service: str) -> None:
        """Make the image of a service.  Raises ContainersUnavailable with compose's words."""
        try:
            self._run(_BUILD_S, "build", service)
        except ChaosError as error:
            raise ContainersUnavailable(str(error)) from None

    def up(self, *services: str) -> None:
        """Start these without their dependencies.  Raises ChaosError with compose's words."""
        self._run(_UP_S, "up", "--detach", "--no-deps", *services)

    def down(self) -> None:
        """Remove containers, network and volumes.  Raises ChaosError with compose's words."""
        self._run(_DOWN_S, "down", "--volumes", "--remove-orphans", "--timeout", "2")

    def _run(self, timeout: float, *arguments: str) -> None:
        _LOG.info("compose %s", " ".join(arguments))
        process = subprocess.Popen(
            [*self._command, *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Ctrl-C goes to the harness, which takes the project down.
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise ChaosError(f"compose {arguments[0]} took longer than {timeout:g} s") from None
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
        if process.returncode != 0:
            end = "\n".join(said.splitlines()[-_TAIL_LINES:])
            raise ChaosError(f"compose {arguments[0]} ended with {process.returncode}:\n{end}")
