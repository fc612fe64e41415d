"""A target that answers no request: the sentence says what its user can do."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import parser
from harness.errors import ConfigError
from harness.run import read_plan
from harness.run.target.target_advice import advice

pytestmark = pytest.mark.unit

UNKNOWN_AUTHORITY = (
    "not sent: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"
)
WRONG_NAME = (
    "not sent: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch"
)


def told(said: str, *words: str) -> str | None:
    options = ["readiness", "--profile", "smoke", "--target", "http://127.0.0.1:9", *words]
    return advice(read_plan.from_args(parser.build().parse_args(options)), said)


@pytest.mark.parametrize(
    ("said", "words", "step"),
    [
        ("HTTP 401: who are you", (), "give it a token with --token-env"),
        ("HTTP 401: no", ("--token-env", "OLD"), "the token in OLD (--token-env) must be one"),
        ("HTTP 401: no", ("--token-command", "echo a"), "--token-command must print a token"),
        ("HTTP 401: no", ("--header", "X-Key=OLD"), "--header X-Key must have a value"),
        ("HTTP 404: Not Found", ("--app", "shop"), "--app the name of an agent there, got shop"),
        ("the reply is an HTML page, not JSON", (), "a login page, a proxy or another site"),
        (UNKNOWN_AUTHORITY, (), "SSL_CERT_FILE in the environment must name the authority"),
    ],
)
def test_the_next_step_fits_the_answer(
    said: str, words: tuple[str, ...], step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLD", "an-old-token-of-a-test")
    assert step in (told(said, *words) or "")


@pytest.mark.parametrize("said", ["HTTP 500: broken", "HTTP 403: no such tenant", WRONG_NAME])
def test_no_step_is_made_up(said: str) -> None:
    assert told(said) is None


@pytest.mark.parametrize(
    ("text", "reason"), [(None, "No such file or directory"), ("x", "no certificate in it")]
)
def test_an_authority_that_openssl_would_ignore_is_refused(
    text: str | None, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "authority.pem"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    options = ["readiness", "--profile", "smoke", "--target", "https://127.0.0.1:9"]
    with pytest.raises(ConfigError, match=f"SSL_CERT_FILE {path}: must be a PEM .*got: {reason}"):
        read_plan.from_args(parser.build().parse_args(options))
