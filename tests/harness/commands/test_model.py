"""`diya model`: the environment that it prints, and its end."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest

from target_service.stand_in.environment import variables
from tests.harness import command

pytestmark = pytest.mark.service


def block(process: subprocess.Popen[str]) -> list[str]:
    """The lines that it prints once it answers."""
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or "Ctrl-C" not in lines[-1]:
        line = process.stdout.readline()
        assert line, process.communicate()
        lines.append(line.rstrip("\n"))
    return lines


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_the_environment_and_ends_on_a_signal(number: signal.Signals) -> None:
    process = command.start("model", "--bind", "127.0.0.1:0", "--latency", "none")
    lines = block(process)
    url = lines[0].split()[1]
    exported = dict(
        line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export ")
    )
    assert exported == variables(url, "diya-agent")
    token = next(line.split()[1] for line in lines if line.startswith("token"))
    request = urllib.request.Request(
        f"{url}/_diya/calls?after=0", headers={"authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer)["calls"] == []
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def test_an_option_that_cannot_be_used_is_one_sentence() -> None:
    finished = command.run("model", "--latency", "fast")
    assert finished.returncode == 104
    assert finished.stderr.startswith("diya: --latency: must be none, quick, gemini-2.5-flash")
    assert finished.stderr.count("\n") == 1


JOURNEYS = """
[journey.track.en]
openings = ["Where is it?"]
follow_ups = ["And when?"]
"""
CALLS = '[journey.track.model]\ncalls = [{ tool = "look_up", args = { place = "Pune" } }]\n'


def test_the_calls_in_a_file_of_journeys_are_its_script(tmp_path: Path) -> None:
    script = tmp_path / "mine.toml"
    script.write_text(JOURNEYS + CALLS)
    words = ("--bind", "127.0.0.1:0", "--latency", "none", "--tools", "all")
    process = command.start("model", *words, "--script", str(script))
    url = block(process)[0].split()[1]
    body = {
        "contents": [{"role": "user", "parts": [{"text": "Where is it?"}]}],
        "tools": [{"functionDeclarations": [{"name": "other"}, {"name": "look_up"}]}],
    }
    request = urllib.request.Request(
        f"{url}/v1beta/models/gemini-2.5-flash:generateContent", json.dumps(body).encode()
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        (part,) = json.loads(answer.read())["candidates"][0]["content"]["parts"]
    assert part["functionCall"] == {"name": "look_up", "args": {"place": "Pune"}}
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    process.communicate()


def test_a_file_of_journeys_without_calls_is_no_script(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(JOURNEYS)
    finished = command.run("model", "--script", str(tmp_path / "mine.toml"))
    assert finished.returncode == 104
    assert "mine.toml: must have a [journey.NAME.model]" in finished.stderr
