"""The answer sheet of a stored capacity run: the question, the prices, the files, the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from harness.capacity import answer_sheet, fleet_simulation
from harness.errors import ConfigError
from loadtests.profiles import profile as profiles
from loadtests.profiles.profile import ProfileError
from loadtests.simulation import calibration, from_capacity
from reports.basics.exit_codes import ExitCode
from reports.capacity.answer import AnswerSheet
from reports.capacity.findings import Asked, CapacityFindings
from reports.capacity.fleet import Simulation
from reports.figures.figure import Label
from tests.reports.capacity.a_capacity_run import findings, measured, sustainable

DIWALI = profiles.load("diwali")


def made_of(folder: Path, found: CapacityFindings, asked: Asked) -> AnswerSheet:
    return answer_sheet.make(folder, found, answer_sheet.question(asked, DIWALI), DIWALI)


def test_a_rate_is_turns_a_second_unless_it_says_otherwise() -> None:
    turns = answer_sheet.target_of(Asked(load="840"), DIWALI)
    named = answer_sheet.target_of(Asked(load="840 turns/s"), DIWALI)
    conversations = answer_sheet.target_of(Asked(load="336 conversations/s"), DIWALI)
    assert turns == named
    assert turns.turns_per_s.value == 840
    assert conversations.turns_per_s.value == pytest.approx(336 * 2.471, rel=0.03)


def test_a_name_is_a_profile_and_nothing_is_the_profile_of_the_probes() -> None:
    assert answer_sheet.target_of(Asked(load="smoke"), DIWALI).name.startswith("smoke, ")
    assert answer_sheet.target_of(Asked(), DIWALI).name.startswith("diwali, ")
    night = answer_sheet.target_of(Asked(load="diwali", conversations=1e7), DIWALI)
    assert night.name == "diwali, 10,000,000 conversations"


@pytest.mark.parametrize(
    ("load", "sentence"),
    [
        ("-3", "--for -3: must be above 0, at most 10,000,000, got -3"),
        ("nan", "--for nan: must be above 0, at most 10,000,000, got nan"),
        ("30 requests", "--for 30 requests: the unit must be turns/s or conversations/s, got"),
    ],
)
def test_a_rate_that_cannot_be_planned_is_told(load: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        answer_sheet.target_of(Asked(load=load), DIWALI)
    assert str(refused.value).startswith(sentence)


def test_an_unknown_profile_and_conversations_of_a_rate_are_told() -> None:
    with pytest.raises(ProfileError, match="unknown profile 'diwal'"):
        answer_sheet.target_of(Asked(load="diwal"), DIWALI)
    with pytest.raises(ConfigError, match="must be given with a profile, got the rate '30'"):
        answer_sheet.target_of(Asked(load="30", conversations=10), DIWALI)


@pytest.mark.parametrize(
    ("text", "number"), [("10M", 1e7), ("2.5k", 2500), ("1G", 1e9), ("300", 300)]
)
def test_large_numbers_may_be_shortened(text: str, number: float) -> None:
    assert answer_sheet.amount(text, "--conversations") == number


def test_a_number_that_is_none_is_told() -> None:
    with pytest.raises(ConfigError) as refused:
        answer_sheet.amount("many", "--conversations")
    assert str(refused.value) == "--conversations: must be a number such as 10M, got 'many'"


def test_bad_prices_are_told_with_their_option(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"--prices .*mine\.toml: provider must be a text"):
        answer_sheet.read_prices(str(path))


def test_a_run_without_a_calibration_is_answered_without_the_simulator(tmp_path: Path) -> None:
    asked = Asked(load="300", replicas_now=12)
    made = made_of(tmp_path, findings(), asked)
    assert made.lines["fleet.bare"].figure.label is Label.ASSUMED
    assert answer_sheet.write(tmp_path, made) is ExitCode.NO_GO
    stored = json.loads((tmp_path / "answer.json").read_text())
    assert stored["lines"]["fleet.zone_lost"]["figure"]["value"] == 15
    assert (tmp_path / "report.html").is_file()


def test_a_run_that_measured_nothing_is_inconclusive(tmp_path: Path) -> None:
    empty = CapacityFindings(profile="diwali", sessions="redis")
    made = made_of(tmp_path, empty, Asked(load="300", replicas_now=12))
    assert answer_sheet.write(tmp_path, made) is ExitCode.INCONCLUSIVE


def test_without_today_s_replicas_the_answer_is_what_is_needed(tmp_path: Path) -> None:
    made = made_of(tmp_path, findings(), Asked(load="300"))
    assert made.headline == "GO for 300 turns/s with 15 replicas"
    assert made.lines["headroom.today"].figure.label is Label.UNKNOWN


def test_a_target_s_load_is_that_of_all_its_replicas(tmp_path: Path) -> None:
    found = findings(target="http://agents.example")
    unknown = made_of(tmp_path, found, Asked(load="20"))
    assert unknown.lines["fleet.bare"].figure.label is Label.UNKNOWN
    # The target's 4 replicas passed with 30 turns a second: 7.5 each.
    made = made_of(tmp_path, found, Asked(load="60", replicas_now=4))
    assert made.lines["fleet.bare"].figure.value == 8
    assert made.lines["sustainable.turns"].figure.value == 30.5


@pytest.fixture
def simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulation:
    """The simulator with the built-in calibration: about 12 ms of CPU a turn; 40 s of load."""
    monkeypatch.setattr(fleet_simulation, "SECONDS", 40.0)
    calibration.write(tmp_path / calibration.FILE, calibration.DEFAULT)
    found = fleet_simulation.simulation(tmp_path, 41, DIWALI)
    assert found is not None
    return found


def test_a_simulated_fleet_keeps_a_light_load_and_no_overload(simulated: Simulation) -> None:
    assert simulated.passes(2, 60) is True
    assert simulated.passes(2, 400) is False


def test_a_large_fleet_is_simulated_as_a_group_with_its_share(simulated: Simulation) -> None:
    # Twelve of 1,200 replicas get a hundredth of the load.
    assert simulated.passes(1200, 12_000) is True


def test_a_calibration_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / calibration.FILE).write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"calibration\.json: source"):
        fleet_simulation.simulation(tmp_path, 41, DIWALI)


def test_a_fleet_of_a_calibrated_run_is_simulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_simulation, "SECONDS", 60.0)
    calibration.write(tmp_path / calibration.FILE, from_capacity.calibrate(findings(), DIWALI))
    # A minute of overload shows only if it is a large one: 1.1 × 36 of about 33.
    wide = sustainable(rate=measured(33, "turns/s", 30, 36))
    asked = Asked(load="100", replicas_now=9)
    made = made_of(tmp_path, findings(sustainable=wide), asked)
    figure = made.lines["fleet.bare"].figure
    assert figure.label is Label.SIMULATED
    assert figure.value is not None
    # 100 / 30 are four replicas; the simulator may ask for one more.
    assert 4 <= figure.value <= 5
    assert made.trust.replicas_checked == fleet_simulation.CHECKED_REPLICAS


def test_a_simulator_far_from_the_measurement_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_simulation, "SECONDS", 40.0)
    cheap = replace(calibration.DEFAULT, turn_cpu_s=0.002)
    calibration.write(tmp_path / calibration.FILE, cheap)
    made = made_of(tmp_path, findings(), Asked(load="100", replicas_now=9))
    assert made.lines["fleet.bare"].figure.label is Label.ASSUMED
