"""The workflow files, by the schemas that a public linter carries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import command

CI = command.ROOT / "deploy" / "ci"


def lint(schema: str, path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("schema", "name", "key"),
    [
        ("vendor.github-workflows", "github-actions.yml", "runs-on:"),
        ("vendor.gitlab-ci", "gitlab-ci.yml", "script:"),
    ],
)
def test_a_workflow_is_valid_and_a_broken_one_is_not(
    tmp_path: Path, schema: str, name: str, key: str
) -> None:
    finished = lint(schema, CI / name)
    assert finished.returncode == 0, finished.stdout
    broken = tmp_path / name
    broken.write_text((CI / name).read_text().replace(key, "runs_onn:"))
    assert lint(schema, broken).returncode == 1
