"""Locust as a subprocess: started, watched, ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from chaos.guardian import RUN_ID_VARIABLE
from harness.errors import GeneratorError

LOCUSTFILE = Path(__file__).resolve().parent.parent / "loadtests" / "locustfile.py"
_END_S = 2.5


class Generator:
    """The load generator of one run; it reads `run.json` and writes its records beside it."""

    def __init__(self, run_dir: Path, run_id: str, target: str) -> None:
        self._log = run_dir / "logs" / "locust.log"
        command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless"]
        command += ["--users", "1", "--spawn-rate", "1", "--host", target, "--only-summary"]
        # Failed turns are for the judge; what is left of Locust's exit code is a broken generator.
        command += ["--exit-code-on-error", "0", "--stop-timeout", "2", "--loglevel", "WARNING"]
        env = {**os.environ, RUN_ID_VARIABLE: run_id, "DIYA_RUN_DIR": str(run_dir.absolute())}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The generator's process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def check_started(self) -> None:
        """Raise GeneratorError with the end of the log if it has ended already."""
        if not self.running:
            lines = self._log.read_text(errors="replace").splitlines()[-12:]
            raise GeneratorError("the load generator did not start:\n" + "\n".join(lines))

    def stop(self) -> None:
        """End it: first asked, so that it writes what it knows, then killed."""
        if not self.running:
            return
        self._process.terminate()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
