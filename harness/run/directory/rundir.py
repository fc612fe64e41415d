"""The run directory: its name, and the experiment that is kept in it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from harness.errors import ConfigError

EXPERIMENT_FILE = "experiment.yaml"


def create(out: Path, profile: str, seed: int, origin: float) -> Path:
    """Make `<out>/<utc>-<profile>-<seed>/`.  Raises ConfigError when it cannot be made."""
    stamp = datetime.fromtimestamp(origin, UTC).strftime("%Y%m%dT%H%M%SZ")
    name = f"{stamp}-{profile}-{seed}"
    for attempt in range(100):
        run_dir = out / (name if attempt == 0 else f"{name}.{attempt}")
        try:
            run_dir.mkdir(parents=True)
        except FileExistsError:
            if not out.is_dir():
                break
            continue
        except OSError as error:
            raise ConfigError(f"--out {out}: {error.strerror}; it must be a folder") from None
        (run_dir / "logs").mkdir()
        return run_dir
    raise ConfigError(f"--out {out}: must be a folder that can be written to")


def write_experiment(run_dir: Path, source: str) -> None:
    """Keep the experiment as it was read, so that it can be played again."""
    (run_dir / EXPERIMENT_FILE).write_text(source, encoding="utf-8")
