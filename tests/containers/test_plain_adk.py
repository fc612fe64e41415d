"""An image that knows nothing of us: ADK's own API server, and an agent that needs a key."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reports.basics.exit_codes import ExitCode
from tests.containers import tidy
from tests.harness import command

KEY = "THEIR_MODELS_API_KEY"
SERVE = (
    "import sys; from google.adk.cli import main; "
    "sys.argv[1:] = ['api_server', '/app/target_service/agents', '--host', '0.0.0.0', "
    "'--port', '8000', '--session_service_uri', 'memory://']; main()"
)


@pytest.fixture(scope="module")
def plain(local_images: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image with `adk api_server`; there is no /readyz in it."""
    folder = tmp_path_factory.mktemp("plain")
    words = json.dumps(["python3", "-c", SERVE])
    (folder / "Dockerfile").write_text(
        f"FROM {local_images.SERVICE}\nHEALTHCHECK NONE\nCMD {words}\n"
    )
    name = f"diya-test/plain-adk:{secrets.token_hex(4)}"
    local_images.build(folder, name)
    yield name
    subprocess.run(["docker", "image", "rm", "--force", name], capture_output=True, check=False)


def test_it_plays_where_it_says_that_it_is_ready_and_has_a_key_that_is_nowhere_recorded(
    tmp_path: Path, plain: str, local_images: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = secrets.token_hex(24)
    monkeypatch.setenv(KEY, secret)
    process = command.start(
        *("readiness", "--env", "containers", "--image", plain, "--health-path", "/list-apps"),
        *("--pass-env", KEY, "--redis-image", local_images.REDIS),
        *("--envoy-image", local_images.ENVOY, "--profile", str(command.HERE / "tiny.toml")),
        *("--experiment", "none", "--replicas", "1", "--out", str(tmp_path)),
    )
    try:
        command.wait_until(lambda: command.turns_recorded(tmp_path) > 0, 120, "the load runs")
        (run_id,) = tidy.run_ids(tmp_path)
        told = json.loads(docker("inspect", f"diya-{run_id}-r01"))[0]
        assert f"{KEY}={secret}" in told["Config"]["Env"]
        said, complained = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    # Any verdict will do: this test does not ask whether the agent keeps its sessions.
    assert process.returncode in (ExitCode.GO, ExitCode.NO_GO, ExitCode.INCONCLUSIVE), complained
    run_dir = command.only_run(tmp_path)
    run = json.loads((run_dir / "run.json").read_text())
    assert " ".join(("--health-path /list-apps --pass-env", KEY)) in " ".join(run["command"])
    assert run["environment"]["images"]["service"] == {"name": plain, "id": told["Image"]}
    assert run["environment"]["images"].keys() == {"redis", "envoy", "service"}
    for path in run_dir.rglob("*"):
        assert path.is_dir() or secret not in path.read_text(errors="replace"), path
    assert secret not in said + complained
    assert tidy.left(run_id) == []


def docker(*arguments: str) -> str:
    """The output of `docker`."""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


@pytest.mark.service
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--health-path", "/healthz"), "must come with --env containers"),
        (("--pass-env", "HOME"), "must come with --env containers"),
        (("--env", "compose", "--health-path", "/h"), "must come with --env containers"),
        (("--env", "compose", "--pass-env", "HOME"), "must come with --env containers"),
        (("--env", "containers", "--health-path", "readyz"), "a path that begins with /"),
        (("--env", "containers", "--health-path", "/a b"), "a path that begins with /"),
        (("--env", "containers", "--pass-env", "NOT_SET_HERE"), "has no such variable"),
        (("--env", "containers", "--pass-env", "DIYA_REPLICA"), "the fleet sets this one"),
    ],
)
def test_options_that_cannot_be_are_refused(
    options: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    finished = command.run_here("readiness", "--profile", "smoke", *options, "--out", str(tmp_path))
    assert finished.returncode == ExitCode.BAD_CONFIGURATION
    assert finished.stderr.count("\n") == 1
    assert sentence in finished.stderr
    assert list(tmp_path.glob("*")) == []
