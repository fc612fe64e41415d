from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.profiles import profile
from loadtests.profiles.profile import ProfileError

MINE = 'extends = "diwali"\nname = "mine"\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the profile is."""
    return tmp_path / "mine.toml"


def _error(path: Path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(ProfileError) as caught:
        profile.load(str(path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_extending_profile_holds_only_its_differences(path: Path) -> None:
    path.write_text(MINE + "[load]\nbase_rate = 9\n[conversation]\nmean_turns = 6\n")
    mine, diwali = profile.load(str(path)), profile.load("diwali")
    assert (mine.name, mine.base_rate, mine.conversation.mean_turns) == ("mine", 9, 6)
    assert mine.max_open == diwali.max_open
    assert mine.conversation.think_median == diwali.conversation.think_median
    assert (mine.phases, mine.spikes, mine.cliffs) == (diwali.phases, diwali.spikes, diwali.cliffs)
    assert (mine.journeys, mine.slo) == (diwali.journeys, diwali.slo)


def test_weights_are_replaced_as_a_whole(path: Path) -> None:
    path.write_text(MINE + "[journeys]\nreturn = 1\n[conversation.languages]\nhi = 1\n")
    mine = profile.load(str(path))
    assert mine.journeys == {"return": 1}
    assert mine.conversation.languages == {"hi": 1}


def test_a_change_of_one_phase_leaves_the_others(path: Path) -> None:
    path.write_text(MINE + "[change.opening]\nhold = 20\n")
    mine, diwali = profile.load(str(path)), profile.load("diwali")
    assert mine.curve().rate(20) == pytest.approx(20 * 2.8)
    assert mine.curve().rate(17.9) == pytest.approx(diwali.curve().rate(17.9))
    assert mine.planned_phases() == diwali.planned_phases()


def test_a_day_of_its_own_takes_over_no_spikes_or_cliffs(path: Path) -> None:
    path.write_text(MINE + '[[phase]]\nname = "flat"\nminutes = 30\nhold = 1\n')
    mine = profile.load(str(path))
    assert [phase.name for phase in mine.phases] == ["flat"]
    assert (mine.spikes, mine.cliffs) == ((), ())


def test_a_file_extends_a_file_that_extends_a_profile(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text('extends = "smoke"\nname = "shop"\n[load]\nmax_open = 7\n')
    folder = tmp_path / "loads"
    folder.mkdir()
    path = folder / "mine.toml"
    path.write_text('extends = "../shop.toml"\nname = "mine"\n[load]\nbase_rate = 2\n')
    mine = profile.load(str(path))
    assert (mine.base_rate, mine.max_open, mine.compression) == (2, 7, 1440)


def test_a_circle_is_found(tmp_path: Path) -> None:
    a, b = tmp_path / "a.toml", tmp_path / "b.toml"
    b.write_text('name = "b"\nextends = "a.toml"\n')
    text = _error(a, 'name = "a"\nextends = "b.toml"\n')
    assert text.startswith(f"{b} line 2: 'extends' goes in a circle")


MISTAKES = [
    # the file's text, the line of the error, the error
    (MINE + "[load]\nbase_rate = -1\n", 4, "'base_rate' in [load] must be a number"),
    (MINE + "[change.opning]\nhold = 3\n", 3, "no such phase (did you mean opening?)"),
    (MINE + "[change.opening]\nhold = -3\n", 4, "'hold' in [phase] must be a number"),
    (MINE + "[change.opening]\nhold = 3\ndecay = 0.4\n", 5, "not both 'hold' and 'decay'"),
    ('extends = "diwli"\nname = "mine"\n', 1, "got 'diwli' (did you mean diwali?)"),
    ('name = "mine"\nextends = 3\n', 2, "'extends' must be a profile's name or .toml file, got 3"),
    ('name = "mine"\n[change.opening]\nhold = 3\n', None, "[change] needs 'extends'"),
    (MINE + "[slo]\nsteady_p99 = 1\n", 4, "unknown key 'steady_p99' in [slo]"),
    ('extends = "diwali"\n', None, "missing key 'name' in the top level"),
    (
        MINE + "[[spike]]\nat = 370\nminutes = 3\ntimes = 2\n",
        3,
        "the spike must end within the 372 sale min",
    ),
    (
        MINE + "[[cliff]]\nat = 360\nminutes = 9\nshare = 1\nback_minutes = 9\n",
        3,
        "the cliff must end within the 372 sale minutes of the phases, got 378",
    ),
]


@pytest.mark.parametrize(("text", "line", "sentence"), MISTAKES, ids=[m[2] for m in MISTAKES])
def test_a_mistake_is_one_sentence_with_file_line_and_key(
    path: Path, text: str, line: int | None, sentence: str
) -> None:
    said = _error(path, text)
    assert said.startswith(f"{path} line {line}: " if line else f"{path}: ")
    assert sentence in said


REPLACED = [
    # the text in place of an inherited table, the line of the error, the error
    ("slo = 3\n", 3, "[slo] must be a table, got 3"),
    ("journeys = 7\n", 3, "[journeys] must be a table, got 7"),
    ("[conversation]\nlanguages = 3\n", 4, "[conversation.languages] must be a table, got 3"),
    ("conversation.languages = 3\n", None, "[conversation.languages] must be a table, got 3"),
    ("time = []\n", 3, "[time] must be a table, got []"),
]


@pytest.mark.parametrize(("text", "line", "sentence"), REPLACED, ids=[m[0] for m in REPLACED])
def test_errors_about_replaced_values_never_name_the_base_file(
    path: Path, text: str, line: int | None, sentence: str
) -> None:
    said = _error(path, MINE + text)
    assert said == (f"{path} line {line}: " if line else f"{path}: ") + sentence


def test_a_mistake_in_the_other_file_names_that_file(tmp_path: Path, path: Path) -> None:
    shop = tmp_path / "shop.toml"
    shop.write_text('extends = "diwali"\nname = "shop"\n[load]\nmax_open = 0\n')
    said = _error(path, 'extends = "shop.toml"\nname = "mine"\n[load]\nbase_rate = 1\n')
    assert said.startswith(f"{shop} line 4: 'max_open' in [load] must be")


def test_the_other_file_must_be_there(path: Path) -> None:
    said = _error(path, 'extends = "none.toml"\nname = "mine"\n')
    assert "cannot read the profile" in said
    assert "none.toml: No such file" in said
