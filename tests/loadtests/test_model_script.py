"""`[journey.NAME.model]`: the tools that a stand-in for the model calls."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loadtests.profiles import journeys
from loadtests.profiles.model_script import ToolStep
from loadtests.profiles.source import ProfileError

OWN = """
[slots]
order = ["ORD-1"]

[journey.track]
[journey.track.en]
openings = ["Where is {order}? I said {{order}} { }"]
follow_ups = ["And when?"]
[journey.track.model]
calls = ["look_up", { tool = "track_order", args = { order_id = "{order}", deep = [1] } }]

[journey.talk.en]
openings = ["Hello"]
follow_ups = ["Well?"]
"""


def load(folder: Path, text: str = OWN) -> journeys.Book:
    """The book in a file."""
    path = folder / "own.toml"
    path.write_text(text)
    return journeys.load(path)


def test_a_journey_may_say_which_tools_are_called(tmp_path: Path) -> None:
    book = load(tmp_path)
    step = ToolStep("track_order", {"order_id": "{order}", "deep": [1]})
    assert book.journeys["track"].calls == (ToolStep("look_up"), step)
    assert book.journeys["talk"].calls is None
    assert list(book.journeys["track"].languages) == ["en"]


def test_the_calls_survive_the_way_through_run_json(tmp_path: Path) -> None:
    book = load(tmp_path)
    assert journeys.from_dict(json.loads(json.dumps(book.to_dict()))) == book


def test_the_script_has_every_journey_with_its_messages_in_parts(tmp_path: Path) -> None:
    script = load(tmp_path).model_script()
    assert script == {
        "journeys": {
            "track": {
                "messages": [["Where is ", "order", "? I said {order} { }"], ["And when?"]],
                "calls": [
                    {"tool": "look_up", "args": {}},
                    {"tool": "track_order", "args": {"order_id": "{order}", "deep": [1]}},
                ],
            },
            "talk": {"messages": [["Hello"], ["Well?"]], "calls": None},
        }
    }


def test_a_book_without_calls_has_no_script() -> None:
    assert journeys.shopmax().model_script() is None


CALLS = OWN[OWN.index("calls = ") : OWN.index("\n\n[journey.talk")]


@pytest.mark.parametrize(
    ("instead", "sentence"),
    [
        ('calls = "look_up"', "'calls' in [journey.track.model] must be a list of tools: their"),
        ("calls = [5]", "got 5"),
        ('calls = ["look up"]', "must be a tool's name, got 'look up'"),
        ("calls = [{ args = {} }]", "'tool' in 'calls' of [journey.track.model] must be a tool's"),
        ('calls = [{ tol = "x" }]', "unknown key 'tol' in 'calls' of [journey.track.model] (did"),
        ('calls = [{ tool = "x", args = 5 }]', "'args' of 'x' in [journey.track.model] must be a"),
        (
            'calls = [{ tool = "x", args = { a = ["{oder}"] } }]',
            "unknown slot '{oder}' in 'args' of 'x' (did you mean order?)",
        ),
        ("calls = []\nsays = []", "unknown key 'says' in [journey.track.model]"),
        ("", "missing key 'calls' in [journey.track.model]: must be a list of tools"),
    ],
)
def test_an_error_in_the_calls_is_one_sentence(tmp_path: Path, instead: str, sentence: str) -> None:
    with pytest.raises(ProfileError) as caught:
        load(tmp_path, OWN.replace(CALLS, instead))
    assert sentence in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'own.toml'} line ")


def test_a_slot_in_a_file_without_slots_is_refused(tmp_path: Path) -> None:
    text = OWN[OWN.index("[journey.track]") :]
    with pytest.raises(ProfileError, match="the file has no"):
        load(tmp_path, text)
