"""The workflow files match the schemas of a public linter, and install the right package."""

from __future__ import annotations

import os
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

import pytest_diya
from harness import parser
from harness.run.directory import rundir
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


def lines() -> list[str]:
    """Every line of a shell in the two files."""
    scripts = [
        *(text for job in ("readiness", "latency") for text in gitlab()[job]["script"]),
        *gitlab()["readiness"]["after_script"],
        *(
            step["run"]
            for job in github()["jobs"].values()
            for step in job["steps"]
            if "run" in step
        ),
    ]
    return [line.strip() for script in scripts for line in script.splitlines()]


def test_diya_is_installed_from_where_the_user_says_and_never_by_its_bare_name() -> None:
    installed = [line for line in lines() if line.startswith("pip install")]
    assert installed == ['pip install --editable . "$DIYA_PACKAGE"'] * 4
    for named in (gitlab()["variables"]["DIYA_PACKAGE"], github()["env"]["DIYA_PACKAGE"]):
        package = Requirement(named)
        assert (package.name, package.extras) == ("diya", {"ci"})
        # A reserved host name: a placeholder left in place fails, and installs no stranger's code.
        assert str(package.url).startswith("git+https://git.example.com/")


def test_every_option_of_a_job_exists() -> None:
    plugin = pytest.Parser(_ispytest=True)
    pytest_diya.pytest_addoption(plugin)
    known = {name for option in plugin.getgroup("diya").options for name in option.names()}
    tests = [shlex.split(line) for line in lines() if line.startswith("pytest ")]
    runs = [shlex.split(line) for line in lines() if line.startswith("diya ")]
    used = {word.split("=")[0] for words in tests for word in words if word.startswith("--diya")}
    assert {"--diya-env", "--diya-baseline"} <= used <= known
    assert [words[1] for words in runs] == ["versus", "versus"]
    for words in runs:
        parser.build().parse_args(words[1:])


def test_the_baseline_of_a_pull_request_is_the_artefact_that_main_keeps() -> None:
    job = github()["jobs"]["readiness"]
    (download,) = (step for step in job["steps"] if "gh run download" in step.get("run", ""))
    assert download["env"]["DIYA_ENV"] == "${{ matrix.env }}"
    assert '--name "readiness-$DIYA_ENV"' in download["run"]
    assert job["steps"][-1]["with"]["name"] == "readiness-${{ matrix.env }}"
    assert github()["permissions"] == {"contents": "read", "actions": "read"}
    kept = gitlab()["readiness"]
    assert "baseline" in kept["artifacts"]["paths"]
    assert any(
        "/artifacts/$CI_DEFAULT_BRANCH/download?job=readiness" in line for line in kept["script"]
    )


_GH = """#!/bin/sh
if [ "$2" = list ]; then printf '13\\n12\\n11\\n'; exit; fi
[ "$3" != 12 ] || exit 1  # its artefact has expired
mkdir -p "$7" && echo "$5" > "$7/result.json"
"""
"""As much of GitHub's command as the step uses."""


@pytest.mark.service
def test_a_run_of_main_whose_artefact_has_expired_is_passed_over(tmp_path: Path) -> None:
    steps = github()["jobs"]["readiness"]["steps"]
    (script,) = (step["run"] for step in steps if "gh run download" in step.get("run", ""))
    (tmp_path / "gh").write_text(_GH)
    (tmp_path / "gh").chmod(0o755)
    subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "DIYA_ENV": "process"},
        check=True,
        timeout=60,
    )
    found = sorted((tmp_path / "baseline").glob("*/result.json"))
    assert [path.parent.name for path in found] == ["11", "13"]
    assert found[0].read_text() == "readiness-process\n"


@pytest.mark.service
def test_the_folder_of_the_baseline_keeps_the_latest_five_pipelines(tmp_path: Path) -> None:
    """The script of GitLab's job, as its shell runs it."""
    for pipeline in (8, 9, 10, 11, 12):
        (tmp_path / "baseline" / str(pipeline)).mkdir(parents=True)
    for run in ("a", "b"):
        (tmp_path / "runs" / run).mkdir(parents=True)
        (tmp_path / "runs" / run / "result.json").write_text(run)
    (script,) = gitlab()["readiness"]["after_script"]
    branch = {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main", "CI_PIPELINE_ID": "13"}
    for status, kept in (("failed", {8, 9, 10, 11, 12}), ("success", {9, 10, 11, 12, 13})):
        subprocess.run(
            ["sh", "-ec", script],
            cwd=tmp_path,
            env={**os.environ, **branch, "CI_JOB_STATUS": status},
            check=True,
            timeout=60,
        )
        assert {int(path.name) for path in (tmp_path / "baseline").iterdir()} == kept
    assert (tmp_path / "baseline/13/runs/b/result.json").read_text() == "b"


@pytest.mark.parametrize("kept", ["result.json", "report.html", "summary.md", "junit.xml", "logs"])
def test_a_job_keeps_the_files_that_explain_its_verdict(kept: str) -> None:
    upload = github()["jobs"]["readiness"]["steps"][-1]["with"]["path"].split()
    artifacts = gitlab()["readiness"]["artifacts"]
    assert f"runs/*/{kept}" in upload
    assert f"runs/*/{kept}" in [*artifacts["paths"], *artifacts["reports"]["junit"]]


@pytest.mark.parametrize("workflow", ["github-actions.yml", "gitlab-ci.yml"])
def test_a_job_keeps_the_comparison_of_runs_in_turns(tmp_path: Path, workflow: str) -> None:
    folder = rundir.create(tmp_path / "runs", "versus-smoke", 7, 1793500000.0)
    (folder / "comparison.html").touch()
    kept = [word for word in (CI / workflow).read_text().split() if word.endswith("/comparison.*")]
    assert kept
    assert all(list(tmp_path.glob(pattern)) for pattern in kept), kept


def test_an_image_that_takes_diya_without_its_dependencies_has_them_within_its_bounds() -> None:
    project = tomllib.loads((command.ROOT / "pyproject.toml").read_text())["project"]
    ours = {each.name: each for each in map(Requirement, project["dependencies"])}
    text = (command.ROOT / "tests" / "sample_repo" / "Dockerfile").read_text()
    first = text.replace("\\\n", " ").partition("\nRUN ")[2].partition("&&")[0]
    words = shlex.split(first.partition(" install ")[2])
    needed = {each.name: each for word in words if word[:2] != "--" for each in [Requirement(word)]}
    assert needed.keys() == {"fastapi", "google-adk", "httptools", "redis", "uvicorn", "uvloop"}
    assert needed == {name: ours[name] for name in needed}
