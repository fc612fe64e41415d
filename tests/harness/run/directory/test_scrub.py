"""A key that an agent has logged is overwritten in every file of the run directory."""

from __future__ import annotations

from pathlib import Path

from harness import log
from harness.run.directory import scrub

KEY = "AIzaSyD-0123456789abcdefghijklmnopqrstu"


def test_keys_tokens_and_named_variables_are_secrets(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"OPENAI_API_KEY={KEY[::-1]}\nSHOP=not-a-secret-at-all\n")
    environment = {
        "GOOGLE_API_KEY": KEY,
        "MY_THING": "named-by-an-option",
        "SHORT_TOKEN": "abc",
        "TOKEN_FILE": "/run/secrets/token",
        "SHOP": "not-a-secret-at-all",
    }
    found = scrub.values(["MY_THING"], tmp_path, environment)
    assert set(found) == {KEY, KEY[::-1], "named-by-an-option"}


def test_a_secret_is_overwritten_in_place_everywhere(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    text = f"GET https://api.test/?key={KEY}&x=1\n{KEY}{KEY} end\n"
    (logs / "r01.log").write_text(text)
    (tmp_path / "turns.jsonl").write_bytes(b'{"error": "' + KEY.encode() + b'"}\n')
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "clean.jsonl").write_text("nothing here\n")
    scrub.overwrite(tmp_path, [KEY])
    assert (logs / "r01.log").read_text() == text.replace(KEY, "*" * len(KEY))
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes()
    assert (tmp_path / "clean.jsonl").read_text() == "nothing here\n"
    scrub.overwrite(tmp_path / "gone", [KEY])


def test_a_secret_is_hidden_in_an_error() -> None:
    environment = {"OPENAI_API_KEY": KEY, "PAGE_TOKEN": "page"}
    said = log.hidden(f"page 1: Incorrect API key provided: {KEY}.", (), environment)
    assert said == "page 1: Incorrect API key provided: …."
