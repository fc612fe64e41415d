"""The run directory: its name, and `run.json`, the first thing written into it."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.errors import ConfigError

_LOG = logging.getLogger(__name__)

EXPERIMENT_FILE = "experiment.yaml"


def create(out: Path, profile: str, seed: int, origin: float) -> Path:
    """Make `<out>/<utc>-<profile>-<seed>/`.  Raises ConfigError when that cannot be."""
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
            raise ConfigError(f"--out {out}: {error.strerror}; a folder was expected") from None
        (run_dir / "logs").mkdir()
        return run_dir
    raise ConfigError(f"--out {out}: a folder that can be written to was expected")


def write_experiment(run_dir: Path, source: str) -> None:
    """Keep the experiment as it was read, so that it can be played again."""
    (run_dir / EXPERIMENT_FILE).write_text(source, encoding="utf-8")


def write_run_json(run_dir: Path, values: dict[str, Any]) -> None:
    """Write `run.json` whole: a reader sees the old one or the new one."""
    scratch = run_dir / "run.json.new"
    scratch.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")
    os.replace(scratch, run_dir / "run.json")
    _LOG.info("%s written", run_dir / "run.json")
