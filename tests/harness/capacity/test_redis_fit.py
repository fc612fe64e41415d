"""The figures that come from points on known lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.fleet.topology import Topology
from harness.capacity.redis_size import fit, room
from harness.capacity.redis_size.measure import measure
from loadtests.profiles import profile
from reports.capacity.findings import RedisPoint, RedisRestart, RedisSize
from reports.figures.figure import Figure, Label

EMPTY = 1_000_000.0
EACH = 4_000.0
TURN_S = 0.0003


def point(sessions: int, *, off: float = 1.0) -> RedisPoint:
    """A point on the lines; `off` moves its bytes off theirs."""
    live = sessions * EACH * off
    gib = live / fit.GIB
    restarts = tuple(
        RedisRestart(
            fork_s=0.001 + 0.02 * gib,
            rewrite_s=5 * gib,
            rewrite_extra_bytes=2e6 + 0.25 * live,
            longest_pause_s=0.02,
            restart_s=0.1 + 3 * gib,
        )
        for _ in range(2)
    )
    rss = 8e6 + 1.1 * (live + EMPTY)
    return RedisPoint(
        sessions=sessions,
        turns_per_session=2.5,
        live_bytes=live,
        expired_bytes=0.08 * live,
        rss_bytes=rss,
        fragmentation=rss / (live + EMPTY),
        rewrite_extra_bytes=restarts[0].rewrite_extra_bytes,
        fork_s=restarts[0].fork_s,
        rewrite_s=restarts[0].rewrite_s,
        longest_pause_s=restarts[0].longest_pause_s,
        restart_s=restarts[0].restart_s,
        turn_script_s=TURN_S,
        turn_scripts_s=(0.9 * TURN_S, TURN_S, 1.1 * TURN_S),
        restarts=restarts,
    )


def fitted(*points: RedisPoint) -> RedisSize:
    return fit.fit("valkey 9.1", points, [EMPTY] * len(points), sync_s=0.002)


@pytest.fixture
def size() -> RedisSize:
    """Three points on the lines, not in order."""
    return fitted(point(300_000), point(10_000), point(100_000))


def test_every_line_gives_its_slope(size: RedisSize) -> None:
    assert size.bytes_per_session.value == pytest.approx(EACH)
    assert size.empty_bytes.value == EMPTY
    assert size.fragmentation.value == pytest.approx(1.1)
    assert size.rewrite_extra_share.value == pytest.approx(0.25)
    assert size.fork_s_per_gib.value == pytest.approx(0.02)
    assert size.restart_s_per_gib.value == pytest.approx(3.0)
    assert size.expired_share.value == pytest.approx(0.08)
    assert size.turn_script_s.value == pytest.approx(TURN_S)
    assert [each.sessions for each in size.points] == [10_000, 100_000, 300_000]


def test_every_figure_says_where_it_comes_from(size: RedisSize) -> None:
    figures = [
        value for name in size.__struct_fields__ if isinstance(value := getattr(size, name), Figure)
    ]
    assert len(figures) == 10
    for figure in figures:
        assert figure.why
        assert figure.label in (Label.FITTED, Label.MEASURED)
    assert size.empty_bytes.label is Label.MEASURED
    assert "10,000, 100,000 and 300,000 sessions" in size.bytes_per_session.why


def test_a_shard_ends_where_its_main_thread_is_busy(size: RedisSize) -> None:
    shard = size.shard_turns_per_s
    assert shard.value == pytest.approx(fit.SHARD_SHARE / TURN_S)
    assert shard.value is not None
    assert shard.low is not None
    assert shard.high is not None
    assert shard.low < shard.value < shard.high
    assert "90 %" in shard.why


def test_a_flush_for_each_write_makes_a_turn_longer(size: RedisSize) -> None:
    assert size.turn_always_s is not None
    assert size.turn_always_s.value == pytest.approx(TURN_S + 0.002)


def test_a_point_off_the_line_widens_the_interval_and_is_named(size: RedisSize) -> None:
    bent = fitted(point(10_000), point(100_000, off=1.2), point(300_000)).bytes_per_session
    exact = size.bytes_per_session
    assert bent.low is not None
    assert exact.low is not None
    assert bent.value is not None
    assert bent.value - bent.low > 0.1 * EACH
    assert exact.value == pytest.approx(exact.low)
    assert "within 12.5 % of it" in bent.why


def test_one_point_has_no_line() -> None:
    size = fitted(point(10_000))
    assert size.bytes_per_session.value == pytest.approx(EACH)
    assert size.bytes_per_session.low is None
    for figure in (size.fork_s_per_gib, size.restart_s_per_gib, size.rewrite_extra_share):
        assert figure.label is Label.UNKNOWN
        assert "more numbers of sessions" in figure.why


def test_a_main_thread_without_measurable_work_has_no_knee() -> None:
    idle = fit.fit("valkey", [_with_turns(0.0, 0.0)], [EMPTY])
    assert idle.shard_turns_per_s.value is None
    assert idle.turn_always_s is None


def _with_turns(*seconds: float) -> RedisPoint:
    known = point(1000)
    values = {name: getattr(known, name) for name in known.__struct_fields__}
    return RedisPoint(**{**values, "turn_script_s": seconds[0], "turn_scripts_s": seconds})


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"sessions": "adk-redis"}, "--sessions adk-redis"),
        ({"agent": Path("/repo/concierge")}, "--agent concierge"),
        ({"redis": "redis://127.0.0.1:6379/0"}, "at an address"),
        ({"topology": Topology(aof="off")}, "--aof everysec"),
    ],
)
def test_sessions_that_are_not_ours_are_not_known_and_nothing_starts(
    options: dict[str, object], reason: str, tmp_path: Path
) -> None:
    directory = tmp_path / "run"
    size = measure((1000,), profile=profile.load("diwali"), directory=directory, **options)  # type: ignore[arg-type]
    assert size.points == ()
    assert size.bytes_per_session.label is Label.UNKNOWN
    assert reason in size.bytes_per_session.why
    assert not directory.exists()


def test_without_room_for_any_size_nothing_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "free_memory", lambda: 1e6)
    size = measure((1000, 2000), profile=profile.load("diwali"), directory=tmp_path)
    assert size.points == ()
    assert size.bytes_per_session.why.startswith(
        "Redis was not measured: 1,000 sessions were left out: "
    )
    assert "got 0.0 GB" in size.bytes_per_session.why
    assert list(tmp_path.iterdir()) == []
