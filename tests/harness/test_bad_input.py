"""Bad input ends in seconds: one clear sentence, exit code 104, nothing half started."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chaos.fleet.redis_server import RedisServer
from tests.harness import command

pytestmark = pytest.mark.service

Run = Callable[..., subprocess.CompletedProcess[str]]

CPU_S = 20.0


def refused(tmp_path: Path, *arguments: str) -> str:
    """The sentence with which a readiness run was refused."""
    return refusal(tmp_path, command.run_here, *arguments)


def refusal(tmp_path: Path, run: Run, *arguments: str) -> str:
    """The same, of a command that `run` runs."""
    out = tmp_path / "runs"
    begun = sum(os.times()[:4])
    finished = run("readiness", "--out", str(out), *arguments)
    assert finished.returncode == 104, finished.stderr
    assert sum(os.times()[:4]) - begun < CPU_S
    assert finished.stdout == ""
    assert not out.exists() or not any(out.iterdir()), "a run directory was left"
    # Progress may come before it; the sentence is the last line, and no traceback stands there.
    sentence = finished.stderr.splitlines()[-1]
    assert sentence.startswith("diya: ")
    assert "Traceback" not in finished.stderr
    return sentence


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--profile", "diwalli"), r"'diwalli'.*diwali"),
        (("--profile", "no/such.toml"), r"no/such\.toml"),
        (("--experiment", "diwali-defualt"), r"diwali-defualt.*diwali-default"),
        (("--experiment", "redis-failover"), r"redis-failover: .*--topology sentinel"),
        (("--experiment", "random"), r"--experiment random: must be random:SEED"),
        (("--experiment", "random:x"), r"--experiment random:x: must be random:SEED"),
        (("--replay", "no/such"), r"--replay no/such: not a run directory: it has no run\.json"),
        (("--same-machine",), r"--same-machine: must be given with --baseline"),
        (("--baseline", "no/such"), r"no/such: must be a run directory, a folder of those or a"),
        (("--sessions", "rediss"), r"--sessions rediss: .*module:factory"),
        (("--sessions", "no_such_module:factory"), r"no module 'no_such_module'"),
        (("--replicas", "0"), r"replicas must be from 1 to 99, got 0"),
        (("--seed", "-1"), r"--seed -1"),
        (("--model-prices", "no/such.toml"), r"--model-prices no/such\.toml: cannot be read"),
        (("--scale", "half"), r"--scale half: must be auto, or a factor above 0 and at most 10"),
        (("--scale", "0"), r"--scale 0: must be auto, or a factor above 0"),
        (("--scale", "nan"), r"--scale nan: must be auto, or a factor above 0"),
        (("--scale", "1e-5"), r"--scale 1e-05: profile diwali would have base_rate = 2\.8e-05"),
        (("--scale", "1", "--replay", "runs/x"), r"--scale: must not be given with --replay"),
        (("--slo", "steady_p99_s"), r"--slo steady_p99_s: must be NAME=VALUE, NAME one of steady_"),
        (
            ("--slo", "steady_p99=1"),
            r"--slo steady_p99=1: NAME must be one of steady_p99_s, fault_p99_s, .*warmup_p99_s, "
            r"got 'steady_p99' \(did you mean steady_p99_s\?\)",
        ),
        (("--slo", "=1"), r"--slo =1: NAME must be one of steady_p99_s, .*, got ''$"),
        (("--slo", "error_rate=2"), r"--slo error_rate=2: VALUE must be a number from 0 to 1, got"),
        (("--slo", "recovery_s=fast"), r"VALUE must be a number from 0\.001 to 3600, got 'fast'"),
        (("--slo", "recovery_s=nan"), r"VALUE must be a number from 0\.001 to 3600, got 'nan'"),
        (("--slo", "recovery_s=1", "--slo", "recovery_s=2"), r"recovery_s must be given once"),
        (("--port", "80"), r"--port 80: .*1024"),
        (("--target", "ftp://example.test"), r"--target must be http.*, got 'ftp://"),
        (("--target", "http://[::1"), r"--target must be http://HOST:PORT .*, got 'http://\[::1'"),
        (
            ("--target", "http://127.0.0.1:x"),
            r"--target must be http://.*, got 'http://127.0.0.1:x'",
        ),
        (("--target", "http://127.0.0.1:1/dev-ui/?app=x"), "http://127.0.0.1:1 and --app x"),
        (("--redis", "redis://[::1"), r"redis must be redis://.*, got 'redis://\[::1'"),
        (("--target", "http://127.0.0.1:"), r"--target must be http://HOST:PORT .*got 'http://127"),
        (("--target", "http://203.0.113.1:8000"), r"--target .*--authorised"),
        (("--target", "http://user:hunter2@203.0.113.1"), r"--target must hold no user .*--header"),
        (
            ("--target", "http://127.0.0.1:1", "--model-url", "http://[::1"),
            r"--model-url http://\[::1",
        ),
        (
            ("--target", "http://127.0.0.1:1", "--model-url", "http://127.0.0.1:99999?k=hunter2"),
            r"--model-url http://127\.0\.0\.1:99999: must be the http",
        ),
        (("--redis", "redis://:hunter2@127.0.0.1:1/0"), r"redis://.*127\.0\.0\.1:1"),
        (("--redis", "mongodb"), r"mongodb"),
        (
            ("--target", "http://127.0.0.1:1", "--redis", "redis://:hunter2@127.0.0.1:1/0"),
            r"redis = 'redis://127\.0\.0\.1:1/0' does not answer",
        ),
        (
            ("--target", "http://127.0.0.1:1", "--redis", "redis://203.0.113.1:6379"),
            r"redis must be a loopback address without --authorised",
        ),
        (
            ("--target", "http://127.0.0.1:1", "--redis", "127.0.0.1:6379"),
            r"redis must be redis://.*, got '127\.0\.0\.1:6379'",
        ),
        (
            ("--target", "http://127.0.0.1:1", "--break-target", "--experiment", "redis-restart"),
            r"restart-redis-1: the Redis of a --target cannot be seen, .*--redis-fleet",
        ),
        (("--topology", "ring"), r"topology must be one of single, sentinel, cluster, got 'ring'"),
        (("--aof", "sometimes"), r"aof must be one of off, everysec, always, got 'sometimes'"),
        (("--min-replicas", "1"), r"min-replicas must not be given without --topology sentinel"),
        (("--redis", "redis://127.0.0.1:1", "--aof", "always"), r"--aof.* must not be given"),
        (("--target", "http://127.0.0.1:1", "--experiment", "smoke"), r"--experiment smoke"),
        (("--token-env", "PATH"), r"--token-env PATH: .*--target"),
        (("--target", "http://127.0.0.1:1", "--token-env", "NOT_SET"), r"NOT_SET: .*no such"),
        (("--ttl", "5"), r"--ttl 5: .*--target"),
        (("--door", "a2a"), r"--door a2a: must not be given without a --target"),
        (
            ("--door", "a2a", "--target", "http://127.0.0.1:1", "--ttl", "5"),
            r"--ttl 5: must not be given with --door a2a",
        ),
        (("--target", "http://127.0.0.1:1", "--ttl", "0.5"), r"--ttl 0.5: must be from 1"),
        (("--app", "concierge"), r"--app concierge: .*--agent DIR"),
        (
            ("--app", "मेरा", "--target", "http://127.0.0.1:1"),
            r"--app 'मेरा': must be letters, digits, ",
        ),
        (
            ("--app", "a b", "--target", "http://127.0.0.1:1"),
            r"--app 'a b': must be letters, digits, ",
        ),
        (("--app", "", "--target", "http://127.0.0.1:1"), r"--app '': must be letters, digits, "),
        (("--agent", "no/such"), r"--agent no/such: must be a folder with agent\.py"),
        (("--agent", "x", "--target", "http://127.0.0.1:1"), r"--agent x: .*--app names it"),
        (("--journeys", "no/such.toml"), r"cannot read the journeys no/such\.toml"),
        (
            (*command.TINY[:2], "--journeys", str(command.HERE / "mine.toml")),
            r"tiny\.toml line \d+: unknown journey 'where_is_my_order' in \[journeys\] \(there ",
        ),
        (
            ("--seed", "abc"),
            r"--seed: must be a whole number, got 'abc'; see `diya",
        ),
        (("--workers", "x"), r"--workers: must be a whole number, got 'x'"),
        (("--ttl", "long"), r"--ttl: must be a number, got 'long'"),
        (("--seed",), r"--seed: expected one argument; see `diya readiness --help`"),
        (
            ("--env", "foo"),
            r"--env: invalid choice: 'foo' \(choose from '?process'?, ",
        ),
        (("--proxy=3",), r"--proxy: ignored explicit argument '3'"),
        (("--replicsa", "3"), r"--replicsa 3: no such option or .* \(did you mean --replicas\?\)"),
        (("--re", "x"), r"ambiguous option: --re could match --replay, --replicas, "),
        (("so",), r"so: no such option or argument; see `diya readiness --help`"),
    ],
)
def test_an_option_that_cannot_be_is_refused_in_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    sentence = refused(tmp_path, *arguments)
    assert re.search(said, sentence), sentence
    assert "hunter2" not in sentence


@pytest.mark.parametrize("arguments", [("--profile", "diwalli"), ("--seed", "abc")])
def test_the_process_of_a_refused_command_ends_in_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert arguments[1] in refusal(tmp_path, command.run, *arguments)


def test_a_token_that_cannot_stand_in_a_header_is_refused_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TARGET_TOKEN", "hunter2\r\nHost: elsewhere")
    sentence = refused(tmp_path, "--target", "http://127.0.0.1:1", "--token-env", "TARGET_TOKEN")
    assert "--token-env TARGET_TOKEN: its value cannot stand in a header" in sentence
    assert "hunter2" not in sentence


def test_a_typo_in_a_profile_is_named_with_file_line_and_key(tmp_path: Path) -> None:
    profile = tmp_path / "mine.toml"
    text = (command.HERE / "tiny.toml").read_text()
    profile.write_text(text.replace("base_rate", "base_rat"))
    line = 1 + text[: text.index("base_rate")].count("\n")
    sentence = refused(tmp_path, "--profile", str(profile))
    assert f"{profile}" in sentence
    assert f"line {line}" in sentence
    assert "base_rat" in sentence
    assert "base_rate" in sentence.replace("'base_rat'", "")


@pytest.mark.slow
def test_a_factory_that_its_module_does_not_have_is_named(tmp_path: Path) -> None:
    # Only a replica can say so, after it has imported ADK.
    one = (*command.TINY, "--replicas", "1", "--experiment", "none")
    factory = "tests.defects.no_ttl:factorx"
    sentence = refused(tmp_path, *one, "--sessions", factory)
    assert "factorx" in sentence


def test_faults_on_a_foreign_redis_are_refused_before_anything_starts(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "redis"
    server = RedisServer("bundled", directory)
    server.start()
    try:
        server.wait_ready()
        sentence = refused(tmp_path, "--redis", server.url)
        assert "restart-redis-1" in sentence
        assert server.url not in sentence
    finally:
        server.close()
        server.wait_ended(30)


def test_a_port_in_use_is_named(tmp_path: Path, taken: int) -> None:
    assert str(taken) in refused(tmp_path, "--port", str(taken))


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), r"the following arguments are required: COMMAND; see `diya --help`"),
        (
            ("reediness",),
            r"COMMAND: invalid choice: 'reediness' \(choose from '?readiness'?, .*"
            r"\(did you mean readiness\?\)",
        ),
        (("--vrsion",), r"--vrsion: no such option or argument \(did you mean --version\?\)"),
        (
            ("report", "--quite", "x"),
            r"--quite: no such option or argument \(did you mean --quiet\?\)",
        ),
        (
            ("report", "--outt", "x"),
            r"--outt: no such option or argument; see `diya report --help`$",
        ),
        (
            ("capacity", "--outt", "x"),
            r"--outt: no such option or argument \(did you mean --out\?\); see `diya capacity",
        ),
        (("report",), r"the following arguments are required: RUN_DIR; see `diya report --help`"),
        (("profile", "shw"), r"ACTION: invalid choice: 'shw' \(choose from '?list'?, '?show'?\)"),
        (("shrink", "x", "--most-runs", "3.5"), r"--most-runs: must be a whole number, got '3.5'"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_one_sentence(
    arguments: tuple[str, ...], said: str
) -> None:
    finished = command.run_here(*arguments)
    assert (finished.returncode, finished.stdout) == (104, "")
    (sentence,) = finished.stderr.splitlines()
    assert re.match(f"diya: ({said})", sentence), sentence


@pytest.mark.parametrize("arguments", [("--help",), ("readiness", "--help"), ("report", "-h")])
def test_help_is_no_mistake(arguments: tuple[str, ...]) -> None:
    finished = command.run_here(*arguments)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.startswith("usage: diya")


def test_a_folder_that_is_no_run_cannot_be_judged(tmp_path: Path) -> None:
    finished = command.run_here("report", str(tmp_path))
    assert finished.returncode == 104
    assert str(tmp_path) in finished.stderr
    assert "run.json" in finished.stderr
