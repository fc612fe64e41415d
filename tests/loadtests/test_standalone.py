"""Plain Locust on the command line: the accepted options, and the refused ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from loadtests.arrivals import arrivals
from loadtests.generator import permission, standalone
from loadtests.profiles import profile
from reports.records import Fate
from tests.loadtests.recorded import ROOT, fates, honest_server

pytestmark = pytest.mark.service

TINY = ROOT / "tests" / "harness" / "tiny.toml"


def _locust(tmp_path: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """The exit code and the output of a headless Locust."""
    command = "-m locust -f loadtests/locustfile.py --headless --users 1 --spawn-rate 1"
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("DIYA_")}
    finished = subprocess.run(
        [sys.executable, *command.split(), *arguments],
        cwd=ROOT,
        env={**inherited, "TMPDIR": str(tmp_path), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
    )
    return finished.returncode, finished.stdout


@pytest.mark.slow
def test_profile_seed_and_app_are_options_and_environment_variables(tmp_path: Path) -> None:
    with honest_server(1.0) as (url, _):
        options = ("--host", url, "--diya-seed", "12", "--exit-code-on-error", "0")
        code, output = _locust(tmp_path, *options, DIYA_PROFILE=str(TINY), DIYA_APP="mine")
    assert code == 0, output
    (run_dir,) = tmp_path.glob("diya-load-*")
    run = json.loads((run_dir / "run.json").read_text())
    assert (run["profile"]["name"], run["seed"], run["app"]) == ("tiny", 12, "mine")
    assert [*run] == [
        *("schema_version", "run_id", "origin", "seed", "app", "target", "profile"),
        *("ttl_seconds", "compression", "experiment"),
    ], "nothing of a fleet that nobody knows"
    planned = arrivals.count(profile.load(str(TINY)), 12)
    assert planned != arrivals.count(profile.load(str(TINY)), 0)
    assert fates(run_dir) == dict.fromkeys(range(planned), Fate.OFFERED)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--host", "http://192.0.2.1"], "target host '192.0.2.1': it is not on this machine"),
        (["--diya-profile", "diwalli"], "unknown profile 'diwalli' (did you mean diwali"),
        (["--diya-app", "a b"], "app must be of letters, digits, _ and -, got 'a b'"),
        (
            ["--host", "ftp://127.0.0.1"],
            "target must be http://HOST:PORT or https://HOST, got 'ftp://127.0.0.1'",
        ),
        (
            ["--host", "http://127.0.0.1:99999"],
            "target must be http://HOST:PORT or https://HOST, got 'http://127.0.0.1:99999'",
        ),
    ],
)
def test_an_impossible_profile_is_refused_with_one_sentence(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    code, output = _locust(tmp_path, *arguments)
    assert code == 104, output
    assert sentence in output
    assert "Traceback" not in output
    assert not [*tmp_path.glob("diya-load-*")]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.0.1", "[::1]"])
def test_a_target_on_this_machine_needs_no_permission(host: str) -> None:
    permission.check_target(f"http://{host}:8000", standalone.HOW)


@pytest.mark.parametrize("host", ["example.org", "10.0.0.1", "localhost.example.org", ""])
def test_a_target_elsewhere_needs_permission(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(permission.AUTHORISED, raising=False)
    with pytest.raises(ValueError, match="DIYA_AUTHORISED=1"):
        permission.check_target(f"http://{host}:8000", standalone.HOW)
    monkeypatch.setenv(permission.AUTHORISED, "1")
    permission.check_target(f"http://{host}:8000", standalone.HOW)
