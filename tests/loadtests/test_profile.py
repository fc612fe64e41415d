from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from loadtests.arrivals import arrivals, conversation
from loadtests.profiles import profile
from loadtests.profiles.profile import ProfileError
from reports.records import Arrival

SMOKE = (profile.FOLDER / "smoke.toml").read_text()


def _line_of(text: str) -> int:
    return SMOKE[: SMOKE.index(text)].count("\n") + 1


def _error(path: Path, old: str, new: str) -> str:
    """The error of the profile `smoke` with `old` replaced by `new`."""
    assert old in SMOKE
    path.write_text(SMOKE.replace(old, new, 1))
    with pytest.raises(ProfileError) as caught:
        profile.load(str(path))
    return str(caught.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the broken profile is."""
    return tmp_path / "mine.toml"


def test_diwali_is_the_promised_load() -> None:
    diwali = profile.load("diwali")
    assert diwali.real_ttl_seconds == 30
    assert diwali.load_seconds == pytest.approx(93)
    assert diwali.expected_turns == pytest.approx(3400, rel=0.02)
    assert [name for name, _, _ in diwali.planned_phases()] == [
        "warmup",
        "presale",
        "opening",
        "evening",
    ]
    curve = diwali.curve()
    assert curve.rate(1) == pytest.approx(2.8)
    assert curve.rate(17.999) == pytest.approx(3 * 2.8, rel=1e-3)
    assert curve.rate(18.1) == pytest.approx(10 * 2.8)
    assert curve.rate(92.9) == pytest.approx(10 * 2.8 * 10**-0.4, rel=1e-2)


def test_diwali_steps_to_ten_within_five_sale_seconds_spikes_and_falls_off_a_cliff() -> None:
    curve = profile.load("diwali").curve()
    opening = 18.0
    assert curve.rate(opening + 5 / 240) == pytest.approx(10 * 2.8)
    # The evening's law, and a minute of three times as much.
    assert curve.rate(47.9) == pytest.approx(28 * ((47.9 - 18) / 7.5) ** -0.4)
    assert curve.rate(48.1) == pytest.approx(3 * 28 * ((48.1 - 18) / 7.5) ** -0.4)
    # Nine of ten are cut off, and come back at once.
    law = 28 * ((83.5 - 18) / 7.5) ** -0.4
    assert curve.rate(83.5) == pytest.approx(0.1 * law)
    assert curve.rate(84.2) > 3 * law
    assert curve.rate(84.6) < law


PEAKS = [
    # new conversations a second: in the opening, in the first flash sale, after the cliff
    ("diwali", 28, 48, 44),
    ("diwali-stress", 56, 96, 87),
    ("diwali-extreme", 98, 169, 153),
]


@pytest.mark.parametrize(("name", "opening", "flash", "cliff"), PEAKS)
def test_the_peaks_are_those_that_the_profiles_say_they_have(
    name: str, opening: int, flash: int, cliff: int
) -> None:
    curve = profile.load(name).curve()
    assert [round(curve.rate(t)) for t in (20, 48.0001, 84.0001)] == [opening, flash, cliff]
    assert round(curve.highest) == flash
    said = (profile.FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    assert all(f" {peak} " in said for peak in (opening, flash, cliff))


@pytest.mark.parametrize(("name", "times"), [("diwali-stress", 20), ("diwali-extreme", 35)])
def test_the_harder_nights_are_diwali_with_a_higher_step(name: str, times: float) -> None:
    diwali, harder = profile.load("diwali"), profile.load(name)
    assert harder.curve().rate(20) == pytest.approx(times * 2.8)
    assert harder.curve().rate(92) == pytest.approx(diwali.curve().rate(92) * times / 10)
    assert harder.curve().count(18) == pytest.approx(diwali.curve().count(18))
    assert harder.conversation == diwali.conversation


def test_ttl_edge_pauses_leave_a_second_to_either_side_of_the_ttl() -> None:
    edge = profile.load("ttl-edge")
    gaps = [gap * edge.real_ttl_seconds for gap in edge.conversation.gaps_at_ttl]
    assert gaps == pytest.approx([9, 11])
    assert edge.real_ttl_seconds == pytest.approx(10)
    assert edge.longest_pause_s == pytest.approx(11)


@pytest.mark.parametrize("name", ["diwali", "smoke", "ttl-edge"])
def test_every_pause_is_within_the_profile_s_longest_pause(name: str) -> None:
    loaded = profile.load(name)
    pauses = [
        pause
        for seed in range(30)
        for arrival in arrivals.stream(loaded, seed)
        for pause in conversation.plan(loaded, arrival, "run").think_seconds
    ]
    assert max(pauses) <= loaded.longest_pause_s < 8 * max(pauses)


def test_soak_lasts_thirty_ttls() -> None:
    soak = profile.load("soak")
    assert soak.load_seconds == pytest.approx(30 * soak.real_ttl_seconds)


def test_smoke_is_twenty_seconds_of_about_two_conversations_a_second() -> None:
    smoke = profile.load("smoke")
    assert smoke.load_seconds == pytest.approx(20)
    assert smoke.real_ttl_seconds == 5
    assert smoke.curve().total / smoke.load_seconds == pytest.approx(2, rel=0.1)


def test_compression_scales_the_day_the_pauses_and_the_ttl_alike_and_no_rate() -> None:
    values = profile.load("diwali").to_dict()
    values["time"]["compression"] /= 2
    fast, slow = profile.load("diwali"), profile.from_dict(values)
    assert slow.real_ttl_seconds == 2 * fast.real_ttl_seconds
    assert slow.load_seconds == pytest.approx(2 * fast.load_seconds)
    for t in (1, 9, 20, 47.9, 48.1, 83, 84.2, 92):
        assert slow.curve().rate(2 * t) == pytest.approx(fast.curve().rate(t))
    for seed in range(20):
        arrival = Arrival(0, 0.0, "return", seed)
        long, short = (conversation.plan(each, arrival, "run") for each in (slow, fast))
        assert long.messages == short.messages
        assert long.think_seconds == pytest.approx([2 * pause for pause in short.think_seconds])


@pytest.mark.parametrize("name", profile.names())
def test_a_profile_survives_the_way_through_run_json(name: str) -> None:
    loaded = profile.load(name)
    assert profile.from_dict(json.loads(json.dumps(loaded.to_dict()))) == loaded


@pytest.mark.parametrize("name", profile.names())
def test_phases_are_laid_end_to_end_over_the_whole_load(name: str) -> None:
    loaded = profile.load(name)
    edges = [(start, end) for _, start, end in loaded.planned_phases()]
    assert edges[0][0] == 0
    assert edges[-1][1] == pytest.approx(loaded.load_seconds)
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(edges))
    assert loaded.curve().seconds == pytest.approx(loaded.load_seconds)


def test_the_error_of_an_unknown_profile_names_the_known_and_the_closest() -> None:
    with pytest.raises(ProfileError, match=r"'diwli' \(did you mean diwali\?\).*diwali, .*smoke"):
        profile.load("diwli")
    with pytest.raises(ProfileError, match=r"'xyz'; there are diwali, .*smoke"):
        profile.load("xyz")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"cannot read the profile .*none.toml: No such file"):
        profile.load(str(tmp_path / "none.toml"))


def test_a_toml_mistake_is_reported_with_its_line(path: Path) -> None:
    text = _error(path, "base_rate = 1.0", "base_rate = = 1.0")
    assert text.startswith(f"{path} line {_line_of('base_rate')}: not valid TOML: ")


def test_a_file_that_ends_too_early_is_reported_at_its_last_line(path: Path) -> None:
    path.write_text('name = "x"\njourneys = [\n')
    with pytest.raises(ProfileError, match=r"mine.toml line 2: not valid TOML"):
        profile.load(str(path))


MISTAKES = [
    # the old text, the new text, the error
    (
        "base_rate = 1.0",
        "base_rat = 1.0",
        "unknown key 'base_rat' in [load] (did you mean base_rate?)",
    ),
    (
        "mean_turns = 4",
        "mean_turns = 4\nmean_turn = 5",
        "unknown key 'mean_turn' in [conversation] (did you mean mean_turns?)",
    ),
    (
        "base_rate = 1.0",
        "base_rate = -3",
        "'base_rate' in [load] must be a number from 0.001 to 2000, got -3",
    ),
    (
        "base_rate = 1.0",
        'base_rate = "fast"',
        "'base_rate' in [load] must be a number from 0.001 to 2000, got 'fast'",
    ),
    ("base_rate = 1.0", "base_rate = true", "must be a number from 0.001 to 2000, got True"),
    ("base_rate = 1.0", "base_rate = nan", "must be a number from 0.001 to 2000, got nan"),
    ("max_open = 500", "max_open = 2.5", "must be a whole number from 1 to 20000, got 2.5"),
    ("abandon_share = 0.2", "abandon_share = 1.5", "must be a number from 0 to 0.95, got 1.5"),
    ("floor = 1.5", "flor = 1.5", "unknown key 'flor' in [phase] (did you mean floor?)"),
    ("to = 2", "to = 2\nhold = 3", "not both 'from' and 'hold'"),
    ("hold = 1", "levels = []", "'levels' in [phase] must have at least one value, got []"),
    ("hold = 1", "levels = [1, -2]", "must be a list of numbers from 0 to 1000, got -2"),
    (
        "return = 1",
        "retrn = 1",
        "unknown journey 'retrn' in [journeys] (did you mean return?)",
    ),
    ("error_rate = 0.001", "error_rate = 2", "must be a number from 0 to 1, got 2"),
    ("ttl_seconds = 7200", "ttl_seconds = 720", "must be a real TTL of at least 1 s, got 0.5 s"),
    (
        "base_rate = 1.0",
        "base_rate = 1.0\nlate_after_s = 0",
        "'late_after_s' in [load] must be a number from 0.1 to 3600, got 0",
    ),
    ("base_rate = 1.0", "base_rate = 1.0\nday_cv = 2", "must be a number from 0 to 1, got 2"),
    (
        "mean_turns = 4",
        "mean_turns = 4\ngaps_at_ttl = [0.9, 11]",
        "'gaps_at_ttl' in [conversation] must be a list of numbers from 0.01 to 5, got 11",
    ),
    (
        "mean_turns = 4",
        "mean_turns = 4\ngaps_at_ttl = 0.9",
        "'gaps_at_ttl' in [conversation] must be a list of numbers from 0.01 to 5, got 0.9",
    ),
    (
        "return_after_ttl = 0.05",
        "return_after_ttl = 0.96",
        "'return_within_ttl' and 'return_after_ttl' in [conversation] must be at most 1 together, "
        "got 1.",
    ),
    (
        "mean_turns = 4",
        "mean_turns = 4\nlanguages = { tamil = 1 }",
        "unknown language 'tamil' in [conversation.languages] (there are en, hi, hinglish",
    ),
    (
        "attempt_timeout_s = 8",
        "attempt_timeout_s = 8\n[conversation.languages]\nhinglsh = 1",
        "unknown language 'hinglsh' in [conversation.languages] (did you mean hinglish?)",
    ),
    (
        'name = "presale"',
        'name = "warmup"',
        "the names of phases must be distinct, got 'warmup' twice",
    ),
    ('name = "smoke"', 'name = "../../etc"', "must be a short name of letters, digits"),
]


@pytest.mark.parametrize(("old", "new", "sentence"), MISTAKES, ids=[new for _, new, _ in MISTAKES])
def test_a_mistake_is_one_sentence_with_file_line_and_key(
    path: Path, old: str, new: str, sentence: str
) -> None:
    text = _error(path, old, new)
    assert sentence in text
    line = _line_of(old) + new.count("\n")
    assert text.startswith(f"{path} line {line}: ")
    assert "\n" not in text


def test_keys_left_out_of_a_profile_change_nothing() -> None:
    values = profile.load("smoke").to_dict()
    for key in ("late_after_s", "day_cv"):
        del values["load"][key]
    for key in ("languages", "return_within_ttl", "return_after_ttl", "gaps_at_ttl"):
        del values["conversation"][key]
    talk = profile.from_dict(values).conversation
    assert (talk.return_within_ttl, talk.return_after_ttl, talk.gaps_at_ttl) == (0, 0, ())
    assert talk.languages == {"en": 0.5, "hi": 0.25, "hinglish": 0.25}
    assert (profile.from_dict(values).late_after_s, profile.from_dict(values).day_cv) == (5, 0)


def test_the_limits_after_a_fault_and_in_the_warm_up_are_a_fault_s_unless_stated(
    path: Path,
) -> None:
    assert profile.load("smoke").slo["warmup_p99_s"] == 12
    path.write_text(SMOKE + "recovery_p99_s = 3\n")
    slo = profile.load(str(path)).slo
    assert (slo["recovery_p99_s"], slo["warmup_p99_s"]) == (3, 12)


def test_a_profile_says_which_languages_how_many_come_back_and_when(path: Path) -> None:
    path.write_text(
        SMOKE.replace(
            "mean_turns = 4",
            "mean_turns = 4\nlanguages = { hi = 3, en = 1 }\ngaps_at_ttl = [0.9, 1.1]",
        )
        .replace("return_within_ttl = 0.05", "return_within_ttl = 0.1")
        .replace("return_after_ttl = 0.05", "return_after_ttl = 0.2")
    )
    loaded = profile.load(str(path))
    talk = loaded.conversation
    assert talk.languages == {"en": 1, "hi": 3}
    assert (talk.return_within_ttl, talk.return_after_ttl) == (0.1, 0.2)
    assert talk.gaps_at_ttl == (0.9, 1.1)
    assert profile.from_dict(json.loads(json.dumps(loaded.to_dict()))) == loaded


def test_a_missing_key_is_reported_at_its_section(path: Path) -> None:
    text = _error(path, "think_sigma = 0.8\n", "")
    line = _line_of("[conversation]")
    assert text.startswith(f"{path} line {line}: missing key 'think_sigma' in [conversation]")


def test_a_missing_section_is_named(path: Path) -> None:
    assert "missing key 'slo' in the top level" in _error(path, "[slo]", "[limits]")


def test_a_phase_without_a_shape_is_refused_with_its_line(path: Path) -> None:
    text = _error(path, "hold = 1\n", "")
    assert text.startswith(f"{path} line {_line_of('[[phase]]')}: a [[phase]] needs a shape")


def test_a_misspelled_shape_is_pointed_out(path: Path) -> None:
    assert "unknown key 'hld' in [phase] (did you mean hold?)" in _error(path, "hold = 1", "hld=1")


def test_a_load_beyond_all_reason_is_refused(path: Path) -> None:
    text = _error(path, "base_rate = 1.0", "base_rate = 1900")
    assert "the load must have a peak of at most 2,000 conversations a second, got 5,700" in text


def test_mistakes_in_run_json_name_the_file_they_are_in() -> None:
    values = profile.load("smoke").to_dict()
    values["load"]["base_rate"] = 0
    with pytest.raises(ProfileError, match=r"^run\.json: 'base_rate' in \[load\] must be"):
        profile.from_dict(values)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_profile_may_begin_with_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('extends = "smoke"\nname = "mine"\n', encoding=encoding)
    assert profile.load(str(path)).name == "mine"
