"""`~` is the home directory in every path, also where no shell expands it."""

from __future__ import annotations

import shlex

import pytest

from harness import parser

pytestmark = pytest.mark.unit

PATHS = [
    ("readiness --profile=~/x", "profile"),
    ("readiness --experiment=~/x", "experiment"),
    ("readiness --replay=~/x", "replay"),
    ("readiness --agent=~/x", "agent"),
    ("readiness --journeys=~/x", "journeys"),
    ("readiness --recorded=~/x", "recorded"),
    ("readiness --checkout=~/x", "checkout"),
    ("readiness --compose-file=~/x", "compose_file"),
    ("readiness --client-cert=~/x", "client_cert"),
    ("readiness --client-key=~/x", "client_key"),
    ("readiness --model-prices=~/x", "model_prices"),
    ("readiness --out=~/x", "out"),
    ("capacity --from=~/x", "from_run"),
    ("capacity --for=~/x", "for_load"),
    ("capacity --prices=~/x", "prices"),
    ("simulate --calibration=~/x", "calibration"),
    ("simulate --calibrate=~/x", "calibrate"),
    ("report '~/x'", "run_dir"),
    ("report run --windows=~/x", "windows"),
    ("compare '~/x' b", "a"),
    ("compare a '~/x'", "b"),
    ("history '~/x'", "dir"),
    ("shrink '~/x'", "run_dir"),
    ("profile show '~/x'", "profile"),
    ("mark begin outage --run=~/x", "run"),
    ("model --script=~/x", "script"),
    ("model --record=~/x", "record"),
    ("model --log=~/x", "log"),
]


@pytest.mark.parametrize(("line", "name"), PATHS, ids=[line for line, _ in PATHS])
def test_a_path_may_begin_in_the_home_directory(
    monkeypatch: pytest.MonkeyPatch, line: str, name: str
) -> None:
    monkeypatch.setenv("HOME", "/home/asha")
    read = vars(parser.build().parse_args(shlex.split(line)))
    assert name in read, sorted(read)
    assert read[name] == "/home/asha/x"


@pytest.mark.parametrize(
    ("line", "name"), [("check '~/x' y", "files"), ("readiness --baseline=~/x", "baseline")]
)
def test_each_of_several_paths_may_do_so(
    monkeypatch: pytest.MonkeyPatch, line: str, name: str
) -> None:
    monkeypatch.setenv("HOME", "/home/asha")
    read = vars(parser.build().parse_args(shlex.split(line)))[name]
    assert (read if isinstance(read, str) else read[0]) == "/home/asha/x"


def test_any_other_value_keeps_its_tilde() -> None:
    read = parser.build().parse_args(["readiness", "--app=~/x", "--redis=~"])
    assert (read.app, read.redis) == ("~/x", "~")
