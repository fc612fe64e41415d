"""The workflow files match the schemas of a public linter, and install the right package."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests.deploy import schema as schemas
from tests.harness import command

CI = command.ROOT / "deploy" / "ci"


@pytest.mark.service
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


def github() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((CI / "github-actions.yml").read_text())
    return read


def gitlab() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((CI / "gitlab-ci.yml").read_text())
    return read


def test_diya_is_installed_from_where_the_user_says_and_never_by_its_bare_name() -> None:
    job = gitlab()["readiness"]
    steps = github()["jobs"]["readiness"]["steps"]
    lines = [*job["script"], *(step["run"] for step in steps if "run" in step)]
    installed = [line for line in lines if line.startswith("pip install")]
    assert installed == ['pip install --editable . "$DIYA_PACKAGE"'] * 2
    for named in (job["variables"]["DIYA_PACKAGE"], github()["env"]["DIYA_PACKAGE"]):
        package = Requirement(named)
        assert (package.name, package.extras) == ("diya", {"ci"})
        # A reserved host name: a placeholder left in place fails, and installs no stranger's code.
        assert str(package.url).startswith("git+https://git.example.com/")


@pytest.mark.parametrize("kept", ["result.json", "report.html", "summary.md", "junit.xml", "logs"])
def test_a_job_keeps_the_files_that_explain_its_verdict(kept: str) -> None:
    upload = github()["jobs"]["readiness"]["steps"][-1]["with"]["path"].split()
    artifacts = gitlab()["readiness"]["artifacts"]
    assert f"runs/*/{kept}" in upload
    assert f"runs/*/{kept}" in [*artifacts["paths"], *artifacts["reports"]["junit"]]


def test_an_image_that_takes_diya_without_its_dependencies_has_them_within_its_bounds() -> None:
    project = tomllib.loads((command.ROOT / "pyproject.toml").read_text())["project"]
    ours = {each.name: each for each in map(Requirement, project["dependencies"])}
    text = (command.ROOT / "tests" / "sample_repo" / "Dockerfile").read_text()
    first = text.replace("\\\n", " ").partition("\nRUN ")[2].partition("&&")[0]
    words = shlex.split(first.partition(" install ")[2])
    needed = {each.name: each for word in words if word[:2] != "--" for each in [Requirement(word)]}
    assert needed.keys() == {"fastapi", "google-adk", "httptools", "redis", "uvicorn", "uvloop"}
    assert needed == {name: ours[name] for name in needed}
