"""The keeper of tokens: real commands, and the times at which they run again."""

from __future__ import annotations

import base64
import json
import os
import socket
import stat
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigError
from harness.run.load import token_keeper
from harness.run.load.token_keeper import TokenError, TokenKeeper, kept, printed, use_for
from tests.target_service.processes import wait_until

pytestmark = pytest.mark.service

SECRET = "value-of-a-secret-variable"


def command(code: str, *more: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", code, *more)


def counting(folder: Path) -> tuple[str, ...]:
    """Prints `token-1`, `token-2`, and so on."""
    code = (
        "import sys; f = open(sys.argv[1], 'a+'); f.write('x'); f.flush(); f.seek(0);"
        "print('token-%d' % len(f.read()))"
    )
    return command(code, str(folder / "runs"))


def jwt(exp: float | str | None) -> str:
    claims = {} if exp is None else {"exp": exp}
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.sig"


@pytest.fixture(autouse=True)
def _no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_keeper, "_GAP_S", 0.0)


@pytest.mark.parametrize(
    ("token", "seconds"),
    [
        (jwt(1000 + 3600), 3300),  # an hour: five minutes before its end
        (jwt(1000 + 600), 480),  # ten minutes: a fifth of its time before its end
        (jwt(1000 - 5), 2700),  # expired by this machine's clock, which may be wrong
        (jwt(None), 2700),
        (jwt("soon"), 2700),
        ("opaque", 2700),
        ("a.b.c", 2700),
        ("e30.####.x", 2700),
    ],
)
def test_a_token_is_used_until_shortly_before_it_expires(token: str, seconds: float) -> None:
    assert use_for(token, now=1000.0) == seconds


def test_the_command_runs_once_for_many_questions(tmp_path: Path) -> None:
    issued: list[str] = []
    keeper = TokenKeeper(counting(tmp_path), issued)
    assert [keeper.answer(None)["token"] for _ in range(3)] == ["token-1"] * 3
    assert issued == ["token-1"]


def test_a_refused_token_is_replaced_once_for_all_that_had_it(tmp_path: Path) -> None:
    keeper = TokenKeeper(counting(tmp_path), [])
    first = keeper.answer(None)
    answers = [keeper.answer(first["serial"]) for _ in range(3)]
    assert [each["token"] for each in answers] == ["token-2"] * 3
    assert keeper.answer(None)["token"] == "token-2"


def test_questions_that_wait_for_a_run_are_answered_by_it(tmp_path: Path) -> None:
    """Those of customers who have given up would else run a slow command once for each."""
    gate = tmp_path / "gate"
    same = command(
        "import os, sys; open(sys.argv[1], 'a').write('x'); open(sys.argv[2]).read();print('same')",
        *(str(tmp_path / "runs"), str(gate)),
    )
    os.mkfifo(gate)
    keeper = TokenKeeper(same, [])
    asked: list[None] = []

    class Counting:
        """The keeper's lock, which notes who comes to it."""

        def __init__(self, lock: Any) -> None:
            self._lock = lock

        def __enter__(self) -> None:
            asked.append(None)
            self._lock.acquire()

        def __exit__(self, *_: object) -> None:
            self._lock.release()

    keeper._lock = Counting(keeper._lock)  # type: ignore[assignment]

    def let_one_run() -> None:
        gate.write_text("go")  # waits until the command reads

    with ThreadPoolExecutor(max_workers=6) as pool:
        first = pool.submit(keeper.answer, None)
        let_one_run()
        serial = first.result(timeout=60)["serial"]
        waiting = [pool.submit(keeper.answer, serial) for _ in range(5)]
        # One runs the command, which reads the gate, and four wait.
        wait_until(lambda: (tmp_path / "runs").read_text() == "xx", 60, "the command runs")
        wait_until(lambda: len(asked) == 6, 60, "all have asked")
        let_one_run()
        answers = [each.result(timeout=60) for each in waiting]
    assert {each["token"] for each in answers} == {"same"}
    assert (tmp_path / "runs").read_text() == "xx"


def test_a_refused_token_that_the_command_prints_again_keeps_its_serial() -> None:
    keeper = TokenKeeper(command("print('same')"), [])
    first = keeper.answer(None)
    assert keeper.answer(first["serial"])["serial"] == first["serial"]


def test_a_refresh_that_fails_keeps_the_token_and_says_why(tmp_path: Path) -> None:
    once = command(
        "import os, sys\ntry: os.mkdir(sys.argv[1])\nexcept OSError: sys.exit('logged out')\n"
        "print('only')",
        str(tmp_path / "made"),
    )
    keeper = TokenKeeper(once, [])
    first = keeper.answer(None)
    again = keeper.answer(first["serial"])
    assert (again["token"], again["serial"]) == ("only", first["serial"])
    assert keeper.problem is not None
    assert keeper.problem.endswith("ended with exit code 1: logged out")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("pass", "must print one token .*, got 0 words"),
        ("print('Your token: abc')", "must print one token .*, got 3 words"),
        ("import sys; sys.exit(3)", "ended with exit code 3$"),
        ("import os; os.abort()", "ended with exit code -6"),
    ],
)
def test_a_command_without_a_token_is_an_error(code: str, said: str) -> None:
    with pytest.raises(TokenError, match=said):
        printed(command(code))


def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = tmp_path / "slow"
    script.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > {pid}\nwait\n")
    script.chmod(0o755)
    with pytest.raises(TokenError, match=r"slow printed no token within 1\.5 s"):
        printed((str(script),), timeout=1.5)
    child = Path(f"/proc/{pid.read_text().strip()}/stat")
    deadline = time.monotonic() + 10
    while child.exists() and child.read_text().split()[2] != "Z" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not child.exists() or child.read_text().split()[2] == "Z"


def test_a_command_is_run_without_a_shell() -> None:
    assert printed(command("import sys; print(sys.argv[1])", "$HOME;id")) == "$HOME;id"


def test_the_error_of_a_command_repeats_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", SECRET)
    with pytest.raises(TokenError) as caught:
        printed(command("import os, sys; sys.exit('bad ' + os.environ['SOME_TOKEN'])"))
    assert SECRET not in str(caught.value)
    assert "bad" in str(caught.value)


def test_processes_of_the_load_find_the_keeper_at_a_socket_of_this_user(tmp_path: Path) -> None:
    issued: list[str] = []
    with kept(counting(tmp_path), issued, pytest.fail) as variables:
        (path,) = variables.values()
        assert stat.S_IMODE(os.stat(Path(path).parent).st_mode) == 0o700
        assert _asked(path, None)["token"] == "token-1"
        assert _asked(path, 1)["token"] == "token-2"
    assert not Path(path).exists()
    assert issued == ["token-1", "token-2"]


def test_without_a_command_there_is_no_keeper() -> None:
    with kept((), [], pytest.fail) as variables:
        assert variables == {}


def test_a_command_that_prints_no_token_at_the_start_is_refused() -> None:
    with (
        pytest.raises(ConfigError, match=r"--token-command .* exit code 1: no login"),
        kept(command("import sys; sys.exit('no login')"), [], pytest.fail),
    ):
        pytest.fail("the block was entered")


def test_a_last_refresh_that_failed_is_told(tmp_path: Path) -> None:
    code = "import os, sys; os.mkdir(sys.argv[1]); print('only')"
    told: list[str] = []
    with kept(command(code, str(tmp_path / "made")), [], told.append) as variables:
        _asked(next(iter(variables.values())), 1)
    assert len(told) == 1
    assert told[0].startswith("--token-command: the token was not refreshed: ")


def _asked(path: str, refused: int | None) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(path)
        sock.sendall(json.dumps({"refused": refused}).encode() + b"\n")
        answer: dict[str, Any] = json.loads(sock.makefile("rb").readline())
    return answer
