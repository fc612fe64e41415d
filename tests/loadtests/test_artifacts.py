"""The artifacts that the events of a session name."""

from __future__ import annotations

from loadtests.adk.artifacts import Saved, saved
from loadtests.adk.event_names import in_camel_case


def test_the_versions_of_each_turn_are_found_in_order_and_once() -> None:
    first = {
        "customMetadata": {"turn_id": "c0t0"},
        "actions": {"artifactDelta": {"note.txt": 0, "user:card.png": 3}},
    }
    later = {"customMetadata": {"turn_id": "c0t1"}, "actions": {"artifactDelta": {"note.txt": 1}}}
    assert saved([first, {"actions": {}}, first, later, "no event"]) == (
        Saved("c0t0", "note.txt", 0),
        Saved("c0t0", "user:card.png", 3),
        Saved("c0t1", "note.txt", 1),
    )


def test_an_event_in_snake_case_names_them_too() -> None:
    event = {"actions": {"artifact_delta": {"my_note.txt": 2}}}
    assert saved([in_camel_case(event)]) == (Saved(None, "my_note.txt", 2),)


def test_entries_that_are_no_version_of_a_file_are_left_out() -> None:
    wrong = {"actions": {"artifactDelta": {"a": "0", "b": -1, "c": None}}}
    assert saved([wrong, {"actions": {"artifactDelta": ["a"]}}]) == ()


def test_the_path_of_a_version_may_have_folders_and_any_character() -> None:
    assert Saved("t", "a b/c?d", 4).path == "/artifacts/a%20b/c%3Fd/versions/4"
