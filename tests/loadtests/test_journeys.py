"""Journeys: the book that comes with the project, and one that a user writes."""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from loadtests.arrivals import arrivals, conversation
from loadtests.profiles import journeys, profile
from loadtests.profiles.journeys import Journey
from loadtests.profiles.source import ProfileError

BOOK = journeys.shopmax()
SCRIPTS = [(name, language) for name, j in BOOK.journeys.items() for language in j.languages]

OWN = """
[slots]
plan = ["Basic", "Family"]
ticket = { prefix = "T", from = 8, to = 9 }

[journey.cancel]
weight = 2
[journey.cancel.en]
openings = ["Please cancel my {plan} plan, ticket {ticket}."]
follow_ups = ["From when?", "Is there a fee?"]
"""


def _file(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_there_are_at_least_eight_journeys_each_in_three_languages() -> None:
    assert len(BOOK.journeys) >= 8
    assert {tuple(journey.languages) for journey in BOOK.journeys.values()} == {
        ("en", "hi", "hinglish")
    }


@pytest.mark.parametrize(("name", "language"), SCRIPTS)
def test_hindi_is_written_in_devanagari_and_nothing_else_is(name: str, language: str) -> None:
    lines = BOOK.journeys[name].languages[language]
    for text in (*lines.openings, *lines.follow_ups):
        assert bool(re.search(r"[\u0900-\u097f]", text)) == (language == "hi"), text


def test_a_long_conversation_says_everything_once_before_it_repeats_itself() -> None:
    said = BOOK.messages("return", "en", 20, random.Random(1))
    assert len(said) == 20
    follow_ups = BOOK.journeys["return"].languages["en"].follow_ups
    assert set(said[1 : 1 + len(follow_ups)]) == set(follow_ups)
    assert said[1 : 1 + len(follow_ups)] != follow_ups


def test_a_complaint_keeps_the_order_of_its_messages() -> None:
    said = BOOK.messages("complaint", "hi", 4, random.Random(1))
    assert said[1:] == BOOK.journeys["complaint"].languages["hi"].follow_ups[:3]


def test_the_documented_example_is_a_book(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "journeys.md").read_text(encoding="utf-8")
    (example,) = (
        block.split("```")[0] for block in page.split("```toml\n")[1:] if "[journey." in block
    )
    assert len(example.splitlines()) <= 10
    book = journeys.load(_file(tmp_path / "mine.toml", example))
    assert list(book.journeys) == ["cancel"]


def test_ten_lines_add_a_journey(tmp_path: Path) -> None:
    book = journeys.load(_file(tmp_path / "mine.toml", OWN))
    assert book.weights == {"cancel": 2.0}
    said = book.messages("cancel", "en", 3, random.Random(4))
    assert re.fullmatch(r"Please cancel my (Basic|Family) plan, ticket T[89]\.", said[0])
    assert set(said[1:]) == {"From when?", "Is there a fee?"}


@pytest.mark.parametrize("text", [journeys.SHOPMAX.read_text(encoding="utf-8"), OWN])
def test_a_book_survives_the_way_through_run_json(tmp_path: Path, text: str) -> None:
    book = journeys.load(_file(tmp_path / "book.toml", text))
    assert journeys.from_dict(book.to_dict()) == book


def test_a_journey_without_the_customer_s_language_uses_its_own(tmp_path: Path) -> None:
    book = journeys.load(_file(tmp_path / "mine.toml", OWN))
    assert book.language("cancel", {"hi": 1.0, "en": 0.0}, random.Random(1)) == "en"


EUROPE = """
[journey.wo_bleibt_es]
weight = 3
[journey.wo_bleibt_es.de]
openings = ["Wo bleibt meine Bestellung?"]
follow_ups = ["Und wann kommt sie?"]
[journey.wo_bleibt_es.fr]
openings = ["Où est ma commande ?"]
follow_ups = ["Elle arrive quand ?"]
[journey.garantie]
[journey.garantie.de]
openings = ["Hat das Garantie?"]
follow_ups = ["Wie lange?"]
"""
MINE = """
extends = "smoke"
name = "mine"
[journeys]
wo_bleibt_es = 1
[conversation.languages]
fr = 1
"""


@pytest.fixture
def europe(tmp_path: Path) -> Mapping[str, Journey]:
    """The journeys of another shop, in other languages."""
    return journeys.load(_file(tmp_path / "europe.toml", EUROPE)).journeys


@pytest.mark.parametrize("name", profile.names())
def test_a_profile_of_ours_takes_over_the_journeys_and_languages_of_another_book(
    europe: Mapping[str, Journey], name: str
) -> None:
    loaded = profile.load(name, europe)
    assert loaded.journeys == {"wo_bleibt_es": 3.0, "garantie": 1.0}
    assert loaded.conversation.languages == {"de": 1.0, "fr": 1.0}
    assert profile.from_dict(loaded.to_dict(), book=europe) == loaded
    assert loaded.curve().total == profile.load(name).curve().total


def test_both_languages_of_another_book_are_spoken(tmp_path: Path) -> None:
    book = journeys.load(_file(tmp_path / "europe.toml", EUROPE))
    smoke = profile.load("smoke", book.journeys)
    spoken = {
        conversation.plan(smoke, arrival, "run", book).language
        for arrival in arrivals.plan(smoke, 1)
    }
    assert spoken == {"de", "fr"}


def test_a_user_s_profile_may_name_journeys_of_another_book(
    tmp_path: Path, europe: Mapping[str, Journey]
) -> None:
    path = _file(tmp_path / "mine.toml", MINE)
    mine = profile.load(str(path), europe)
    assert mine.journeys == {"wo_bleibt_es": 1.0}
    assert mine.conversation.languages == {"fr": 1.0}
    path.write_text('extends = "smoke"\nname = "mine"\n')
    assert profile.load(str(path), europe).journeys == {"wo_bleibt_es": 3.0, "garantie": 1.0}


@pytest.mark.parametrize(
    ("known", "unknown", "sentence"),
    [
        ("wo_bleibt_es", "wo_bleibt", "line 5: unknown journey 'wo_bleibt' in [journeys] (did you"),
        ("fr", "en", "line 7: unknown language 'en' in [conversation.languages] (there are de, fr"),
    ],
)
def test_journeys_named_by_a_user_s_profile_must_be_in_the_book(
    tmp_path: Path, europe: Mapping[str, Journey], known: str, unknown: str, sentence: str
) -> None:
    assert f"\n{known} = 1" in MINE
    path = _file(tmp_path / "mine.toml", MINE.replace(known, unknown))
    with pytest.raises(ProfileError) as caught:
        profile.load(str(path), europe)
    assert str(caught.value).startswith(f"{path} {sentence}")


@pytest.mark.parametrize("name", ["diwali", "smoke", "soak"])
def test_a_journey_added_to_shopmaxs_is_played_as_often_as_its_weight_there_says(name: str) -> None:
    added = dataclasses.replace(BOOK.journeys["return"], weight=25.0)
    more = {**BOOK.journeys, "repair": added}
    before, after = profile.load(name), profile.load(name, more)
    assert {key: after.journeys[key] for key in before.journeys} == before.journeys
    assert after.journeys["repair"] / sum(after.journeys.values()) == pytest.approx(25 / 125)
    assert after.conversation.languages == before.conversation.languages


def test_a_list_of_one_s_own_is_complete(tmp_path: Path) -> None:
    path = _file(
        tmp_path / "mine.toml", 'extends = "smoke"\nname = "mine"\n[journeys]\nreturn = 1\n'
    )
    more = {**BOOK.journeys, "repair": BOOK.journeys["return"]}
    assert profile.load(str(path), more).journeys == {"return": 1.0}


def test_without_a_list_the_weights_of_the_book_count() -> None:
    values = profile.load("smoke").to_dict()
    del values["journeys"]
    assert profile.from_dict(values).journeys == BOOK.weights


@pytest.mark.parametrize(
    ("wrong", "instead", "sentence"),
    [
        ("[journey.cancel]\n", "[journeys.cancel]\n", "did you mean journey"),
        ("weight = 2", "weight = -1", "line 7: 'weight' in [journey.cancel] must be a number"),
        ("weight = 2", "weight = 0", "at least one [journey.NAME] must have a weight above 0"),
        ("weight = 2", 'ordered = "yes"', "'ordered' in [journey.cancel] must be true or false"),
        ("{plan} plan", "{plam} plan", "line 9: unknown slot '{plam}' in 'openings' (did you mean"),
        ('"From when?"', '""', "line 10: 'follow_ups' in [journey.cancel.en] must be a list of"),
        ('["Basic", "Family"]', "[]", "line 3: 'plan' in [slots] must be a list of texts"),
        ("from = 8", "from = 10", "line 4: 'ticket' in [slots] must be a list of texts, or"),
        ("follow_ups", "followups", "did you mean"),
        ("[journey.cancel.en]", "[journey.cancel]", "not valid TOML"),
    ],
)
def test_an_error_in_a_file_is_one_sentence(
    tmp_path: Path, wrong: str, instead: str, sentence: str
) -> None:
    assert wrong in OWN
    path = _file(tmp_path / "mine.toml", OWN.replace(wrong, instead, 1))
    with pytest.raises(ProfileError) as caught:
        journeys.load(path)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith(str(path))


BRACES = [
    # the text in the file, the message to the agent
    (
        'Why does {"id": "{plan}", "a": {"b": 1}} fail?',
        'Why does {"id": "Basic", "a": {"b": 1}} fail?',
    ),
    ("What is {} in {0} and { return x }?", "What is {} in {0} and { return x }?"),
    ("The template says {{plan}} for {plan}.", "The template says {plan} for Basic."),
    ("Jinja has {{ user.name }} and {% if x %}, a shell ${PATH:-x}.", None),
    ("An open { and a closed }.", None),
]


@pytest.mark.parametrize(("text", "message"), BRACES)
def test_braces_that_are_no_slot_mean_themselves(
    tmp_path: Path, text: str, message: str | None
) -> None:
    own = OWN.replace('"Basic", "Family"', '"Basic"')
    quoted = "'" + text + "'"
    own = own.replace('"Please cancel my {plan} plan, ticket {ticket}."', quoted)
    book = journeys.load(_file(tmp_path / "own.toml", own))
    said = book.messages("cancel", "en", 1, random.Random(1))
    assert said == (message or text,)
    kept = journeys.from_dict(book.to_dict())
    assert kept.messages("cancel", "en", 1, random.Random(1)) == said


def test_a_file_without_slots_may_hold_any_braces(tmp_path: Path) -> None:
    text = OWN[OWN.index("[journey.cancel]") :]
    book = journeys.load(_file(tmp_path / "own.toml", text))
    said = book.messages("cancel", "en", 1, random.Random(1))
    assert said == ("Please cancel my {plan} plan, ticket {ticket}.",)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_journeys_may_begin_with_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding=encoding)
    assert list(journeys.load(path).journeys) == ["cancel"]
