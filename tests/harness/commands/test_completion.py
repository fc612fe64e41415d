"""`diya completion bash|zsh`: the scripts, played by the shells themselves."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from chaos.experiment import model
from chaos.faults.catalogue import CATALOGUE
from loadtests.profiles import profile
from tests.harness import command

pytestmark = [pytest.mark.service]

BASH = """\
source {script}
COMP_WORDS=({words})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_shtab_diya
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def bash_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("bash") / "diya", "bash")


def written(path: Path, shell: str) -> Path:
    """The script for a shell, in a file."""
    finished = command.run("completion", shell)
    assert (finished.returncode, finished.stderr) == (0, "")
    path.write_text(finished.stdout)
    return path


def completed(script: Path, *words: str) -> set[str]:
    """Bash's suggestions for the last word, in a folder that holds only `own.toml`."""
    (script.parent / "own.toml").touch()
    line = " ".join(shlex.quote(word) for word in ("diya", *words))
    text = BASH.format(script=shlex.quote(str(script)), words=line)
    finished = subprocess.run(
        ["bash", "--norc", "-c", text],
        cwd=script.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(finished.stdout.split())


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("re",), {"readiness", "report"}),
        (("readiness", "--replay"), {"--replay"}),
        (("readiness", "--repl"), {"--replay", "--replica-header", "--replicas"}),
        (("readiness", "--env", "co"), {"containers", "compose"}),
        (("readiness", "--profile", "diwali-"), {"diwali-extreme", "diwali-stress"}),
        (("readiness", "--profile", "own"), {"own.toml"}),
        (("readiness", "--experiment", "redis-"), {"redis-failover", "redis-restart"}),
        (("readiness", "--slo", "fault"), {"fault_p99_s="}),
        (("profile", "sh"), {"show"}),
        (("faults", "model-e"), {"model-errors"}),
        (("chaos", "network-c"), {"network-cut"}),
        (("check", "o"), {"own.toml"}),
        (("completion", ""), {"bash", "zsh"}),
    ],
)
def test_bash_completes_commands_options_and_names(
    bash_script: Path, words: tuple[str, ...], offered: set[str]
) -> None:
    assert completed(bash_script, *words) == offered


def test_bash_offers_every_profile_experiment_and_fault(bash_script: Path) -> None:
    assert set(profile.names()) <= completed(bash_script, "profile", "show", "")
    assert set(model.names()) <= completed(bash_script, "readiness", "--experiment", "")
    assert {kind.kind for kind in CATALOGUE} == completed(bash_script, "chaos", "")


def test_the_script_for_zsh_names_every_command_and_every_name(tmp_path: Path) -> None:
    text = written(tmp_path / "_diya", "zsh").read_text()
    assert text.startswith("#compdef diya\n")
    for word in (
        "readiness",
        "completion",
        "--slo",
        "diwali-stress",
        "redis-failover",
        "kill-half",
    ):
        assert word in text, word


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh here")
def test_zsh_reads_its_script(tmp_path: Path) -> None:
    script = written(tmp_path / "_diya", "zsh")
    subprocess.run(["zsh", "-n", str(script)], check=True, timeout=60)


def test_another_shell_is_refused() -> None:
    finished = command.run("completion", "fish")
    assert (finished.returncode, finished.stdout) == (104, "")
    assert finished.stderr.startswith("diya: bash|zsh: invalid choice: 'fish' (choose from ")
