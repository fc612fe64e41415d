"""The workflow files, by the schemas that a public linter carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy import schema as schemas
from tests.harness import command

CI = command.ROOT / "deploy" / "ci"


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
    finished = schemas.check(schema, CI / name)
    assert finished.returncode == 0, finished.stdout
    broken = tmp_path / name
    broken.write_text((CI / name).read_text().replace(key, "runs_onn:"))
    assert schemas.check(schema, broken).returncode == 1
