"""The options of `diya capacity` are all checked before anything starts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness import parser
from harness.capacity import request
from harness.capacity.redis_size import room
from harness.capacity.request import Request
from harness.errors import ConfigError
from tests.harness import command

URL = "http://127.0.0.1:8000"


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "allowed_cores", lambda: frozenset({0, 1}))
    monkeypatch.setattr(request, "usable_cores", lambda: 2.0)


def asked(*words: str) -> Request:
    return request.from_args(parser.build().parse_args(["capacity", *words]))


def test_the_defaults_are_one_pinned_replica_and_no_fault(two_cores: None) -> None:
    found = asked()
    base = found.base
    assert (base.profile.name, base.replicas, base.experiment) == ("diwali", 1, None)
    assert base.cores is not None
    assert (base.cores.replicas, base.cores.others) == ((1,), (0,))
    assert found.minutes == 10
    assert found.redis.sizes == (10_000, 100_000, 300_000)
    assert (found.asked.zones, found.asked.replicas_now, found.asked.load) == (3, None, None)


def test_options_reach_the_plan_of_the_probes(two_cores: None, tmp_path: Path) -> None:
    words = ("--profile", "smoke", "--seed", "7", "--sessions", "memory", "--aof", "always")
    found = asked(*words, "--out", str(tmp_path), "--for", "840", "--replicas-now", "4")
    base = found.base
    assert (base.profile.name, base.seed, base.sessions) == ("smoke", 7, "memory")
    assert (base.topology.aof, base.out) == ("always", tmp_path)
    assert (found.asked.load, found.asked.replicas_now) == ("840", 4)


def test_the_sizes_of_redis_are_numbers_or_none(two_cores: None) -> None:
    assert asked("--redis-sizes", "none").redis.sizes == ()
    assert asked("--redis-sizes", "5000,2000,5000").redis.sizes == (2000, 5000)


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for 100,000 sessions, but not for 300,000."""
    monkeypatch.setattr(room, "free_memory", lambda: 2e9)


def test_a_size_that_was_asked_for_and_has_no_room_is_refused(
    two_cores: None, little_memory: None, tmp_path: Path
) -> None:
    words = ("--out", str(tmp_path / "runs"))
    assert asked("--redis-sizes", "100000", *words).too_large == ()
    with pytest.raises(ConfigError) as refused:
        asked("--redis-sizes", "10000,500000", *words)
    assert re.fullmatch(
        r"--redis-sizes 500,000: \d\.\d GB of memory and \d\.\d GB of disk below "
        rf"{tmp_path} must be free, got 2\.0 GB and [\d.]+ GB",
        str(refused.value),
    )


def test_a_default_size_that_has_no_room_is_told_before_the_probes(
    two_cores: None, little_memory: None
) -> None:
    found = asked()
    assert len(found.too_large) == 1
    assert "300,000 sessions: " in found.too_large[0]
    assert "must be free, got 2.0 GB" in found.too_large[0]
    assert asked("--sessions", "memory").too_large == ()


def test_a_target_is_not_pinned_and_has_a_ceiling() -> None:
    found = asked("--target", URL, "--ceiling", "40")
    assert found.base.cores is None
    assert found.base.target == URL
    assert (found.ceiling, found.redis.sizes) == (40, ())


def test_a_target_is_reached_as_by_a_readiness_run() -> None:
    words = ("--door", "agent-engine", "--replica-header", "X-Pod", "--target-replicas", "3")
    base = asked("--target", URL, "--ceiling", "40", *words).base
    assert (base.door, base.access.replica_header, base.target_replicas) == (
        *("agent-engine", "X-Pod", 3),
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--door", "a2a"), "--door a2a: must not be given without a --target"),
        (("--replica-header", "X"), "--replica-header: must not be given without a --target"),
        (("--minutes", "0.2"), "--minutes 0.2: must be from 1 to 240"),
        (("--zones", "0"), "--zones 0: must be from 1 to 99"),
        (("--replicas-now", "0"), "--replicas-now 0: must be from 1 to 1,000,000"),
        (("--redis-sizes", "many"), "--redis-sizes many: must be none, or numbers of sessions"),
        (("--redis-sizes", "5"), "--redis-sizes 5: must be from 1,000 to"),
        (("--for", "-3"), "--for -3: must be above 0"),
        (("--for", "diwalli"), "unknown profile 'diwalli'"),
        (
            ("--for", "30", "--conversations", "10M"),
            "--conversations 10,000,000: must be given with a",
        ),
        (("--prices", "nowhere.toml"), "--prices nowhere.toml: cannot be read"),
        (("--sessions", "nothing"), "--sessions nothing: must be one of"),
        (("--ceiling", "40"), "--ceiling: must not be given without a --target"),
        (("--target", URL), "needs --ceiling RATE"),
        (("--target", URL, "--ceiling", "0"), "--ceiling 0: must be from 0.1 to 2,000"),
        (
            ("--target", URL, "--ceiling", "9", "--sessions", "memory"),
            "--sessions memory: must not",
        ),
        (("--target", "http://203.0.113.9:80", "--ceiling", "9"), "only with --authorised"),
    ],
)
def test_a_question_that_cannot_be_used_is_refused_in_one_sentence(
    two_cores: None, words: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(ValueError, match=r"must|needs|cannot|only|unknown") as refused:
        asked(*words)
    assert sentence in str(refused.value).replace(str(Path.cwd()) + "/", "")
    assert "\n" not in str(refused.value)


def test_one_core_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "allowed_cores", lambda: frozenset({0}))
    with pytest.raises(ConfigError, match=r"need 2 cores, got 1; .* or --target for a service"):
        asked()


@pytest.mark.service
def test_bad_input_ends_with_104_and_leaves_no_directory(tmp_path: Path) -> None:
    out = tmp_path / "runs"
    finished = command.run_here("capacity", "--minutes", "0", "--out", str(out))
    assert finished.returncode == 104
    assert finished.stderr == "diya: --minutes 0: must be from 1 to 240\n"
    assert not out.exists()
