"""Files by the schemas that a public linter carries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def check(schema: str, path: Path) -> subprocess.CompletedProcess[str]:
    """check-jsonschema's word on a file: 0 when it is valid, 1 when it is not."""
    return subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
