"""The author's word about an action: what shows it, what undoes it, and what it may lose."""

from __future__ import annotations

import json
import os
import re
import sys
import time
import urllib.request
from email.message import Message
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from chaos.errors import ChaosConfigError, ChaosError
from chaos.experiment.probe_providers import _Redirect
from chaos.fleet.undoing import Undoing
from chaos.fleet.waiting import holds_within
from reports.records import RunClock
from tests.chaos.test_experiment_format import read
from tests.chaos.test_outside_action import (
    exists,
    outside,
    played,
    python,
    read_asked,
    shown,
    touch,
)
from tests.harness import command

pytestmark = pytest.mark.service


class Keeper:
    """Notes what is kept and dropped, in order."""

    def __init__(self, journal: Path | None = None) -> None:
        self.said: list[str] = []
        self.kept: dict[str, Undoing] = {}
        self.limits_s: list[float] = []
        self._journal = journal

    def keep(self, key: str, undoing: Undoing) -> None:
        assert self._journal is None or not self._journal.exists(), "the fault began before"
        self.kept[key] = undoing
        self.limits_s.append(undoing.limit_s)
        self.said.append("keep")

    def drop(self, key: str) -> None:
        del self.kept[key]
        self.said.append("drop")


def remove(mark: Path) -> str:
    return f"import os; os.unlink({str(mark)!r})"


def breaking(mark: Path, **terms: Any) -> dict[str, Any]:
    """An action that leaves a mark, and the undo that removes it."""
    told = {**shown(exists(mark)), "undo": {"provider": python(remove(mark))}, **terms}
    return outside(python(touch(mark)), **{"x-diya": told})


def test_the_undo_is_handed_over_before_the_fault_and_done_at_its_end(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    keeper = Keeper(mark)
    window = played(read(tmp_path, method=[breaking(mark, target="the shop")]), keeper)
    assert (window.took_hold, window.error, window.target) == (True, None, "the shop")
    assert keeper.said == ["keep", "drop"]
    assert not mark.exists()


def test_the_guardian_waits_for_the_last_question_whether_the_target_is_ready(
    tmp_path: Path,
) -> None:
    ready = {"provider": python("pass", timeout=30)}
    undo = {"provider": python(remove(tmp_path / "mark"), timeout=20)}
    keeper = Keeper()
    terms = {"ready": ready, "undo": undo, "back_within": 5}
    played(read(tmp_path, method=[breaking(tmp_path / "mark", **terms)]), keeper)
    assert keeper.limits_s == [20 + 5 + 30]


def test_an_action_that_fails_halfway_is_undone(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    action = breaking(mark)
    action["provider"] = python(f"open({str(mark)!r}, 'w').close(); raise SystemExit(3)")
    window = played(read(tmp_path, method=[action]), Keeper())
    assert not window.took_hold
    assert "ended with exit code 3" in (window.error or "")
    assert not mark.exists()


def test_an_undo_that_fails_stays_with_the_guardian_and_names_its_command(tmp_path: Path) -> None:
    mark, keeper = tmp_path / "mark", Keeper()
    undo = {"provider": {"type": "process", "path": "/bin/false", "arguments": ["a b"]}}
    window = played(read(tmp_path, method=[breaking(mark, undo=undo)]), keeper)
    assert window.recovered_at is None
    assert window.by_hand == "/bin/false 'a b'"
    assert "the undo failed: /bin/false ended with exit code 1" in (window.error or "")
    assert "heal it by hand: /bin/false 'a b'" in (window.error or "")
    assert keeper.said == ["keep"]


def test_the_target_must_be_ready_before_the_fault(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    ready = {"provider": python("raise SystemExit(1)")}
    window = played(read(tmp_path, method=[breaking(mark, ready=ready)]), Keeper())
    assert not window.took_hold
    assert "the target must be ready before the action: got" in (window.error or "")
    assert not mark.exists()


def test_a_target_that_is_not_ready_again_in_time_is_not_back(tmp_path: Path) -> None:
    mark, gone = tmp_path / "mark", tmp_path / "gone"
    ready = {"provider": python(exists(gone)), "tolerance": 1}
    undo = {"provider": python(f"{touch(gone)}; {remove(mark)}")}
    terms = {"ready": ready, "undo": undo, "back_within": 0.5}
    window = played(read(tmp_path, method=[breaking(mark, **terms)]), Keeper())
    assert window.took_hold
    assert window.recovered_at is None
    assert "the target was not ready again within 0.5 s: got" in (window.error or "")
    assert window.by_hand is not None


def counted(answers: Path) -> str:
    """Prints the next line of a file of answers at each question; the last one again and again."""
    return (
        f"p = {str(answers)!r}; lines = open(p).read().splitlines(); print(lines[0]);"
        "len(lines) > 1 and open(p, 'w').write('\\n'.join(lines[1:]))"
    )


def test_an_answer_that_changes_shows_that_it_took_hold(tmp_path: Path) -> None:
    answers = tmp_path / "answers"
    answers.write_text("uid-1\nuid-1\nuid-2\n")
    told = {"took_hold": {"provider": python(counted(answers)), "changes": True}}
    window = played(read(tmp_path, method=[outside(python("pass"), **{"x-diya": told})]))
    assert (window.took_hold, window.error) == (True, None)


def test_an_answer_that_does_not_change_shows_nothing(tmp_path: Path) -> None:
    told = {"took_hold": {"provider": python("print('uid-1')"), "changes": True, "within": 0}}
    window = played(read(tmp_path, method=[outside(python("pass"), **{"x-diya": told})]))
    assert not window.took_hold
    assert "took_hold did not change within 0 s after the action: still got (0, 'uid-1')" in (
        window.error or ""
    )


def test_a_question_that_breaks_is_no_change(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    code = f"import os, sys; os.path.exists({str(broken)!r}) and sys.exit('no cluster'); print(1)"
    told = {"took_hold": {"provider": python(code), "changes": True, "within": 0}}
    window = played(read(tmp_path, method=[outside(python(touch(broken)), **{"x-diya": told})]))
    assert not window.took_hold
    assert "no answer: exit code 1: no cluster" in (window.error or "")


def test_a_thing_that_is_gone_has_changed(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    code = f"import os, sys; os.path.exists({str(gone)!r}) and sys.exit(1); print(4711)"
    told = {"took_hold": {"provider": python(code), "changes": True}}
    window = played(read(tmp_path, method=[outside(python(touch(gone)), **{"x-diya": told})]))
    assert (window.took_hold, window.error) == (True, None)


def test_a_function_of_the_users_module_is_called_in_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_faults.py").write_text(
        "import json, os, pathlib\n"
        "def close(shop, secrets=None, configuration=None):\n"
        "    print('noise')\n"
        "    pathlib.Path(shop).write_text(json.dumps([os.getpid(), secrets, configuration]))\n"
        "def is_closed(shop):\n"
        "    print('noise')\n"
        "    return pathlib.Path(shop).exists()\n"
        "def fail():\n"
        "    raise RuntimeError('no shop, and the token is hunter2')\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SALE_TOKEN", "hunter2")
    shop = str(tmp_path / "shop")

    def mine(func: str, **more: Any) -> dict[str, Any]:
        return {"type": "python", "module": "my_faults", "func": func, **more}

    evidence = {"provider": mine("is_closed", arguments={"shop": shop}), "tolerance": True}
    theirs = outside(
        mine("close", arguments={"shop": "${shop}"}, secrets=["shop"]),
        **{"x-diya": {"took_hold": evidence}},
    )
    document: dict[str, Any] = {
        "secrets": {"shop": {"token": {"type": "env", "key": "SALE_TOKEN"}}},
        "configuration": {"shop": shop},
    }
    experiment = read_asked(tmp_path, method=[theirs], **document)
    assert experiment.planned == ["python-1"]
    window = played(experiment)
    assert (window.took_hold, window.error, window.target) == (True, None, "my_faults.close")
    pid, secrets, configuration = json.loads(Path(shop).read_text())
    assert pid != os.getpid()
    assert (secrets, configuration["shop"]) == ({"token": "hunter2"}, shop)
    assert "my_faults" not in sys.modules

    window = played(read_asked(tmp_path, method=[outside(mine("fail"))], **document))
    assert "my_faults.fail failed: " in (window.error or "")
    assert "the token is •••" in (window.error or "")

    with pytest.raises(ChaosConfigError, match=r"method\[0\]\.provider: .*no.such"):
        read_asked(tmp_path, method=[outside(mine("no_such"))], **document)


def test_a_module_that_is_not_there_is_refused_without_an_import(tmp_path: Path) -> None:
    provider = {"type": "python", "module": "no_such_package.faults", "func": "kill"}
    with pytest.raises(
        ChaosConfigError, match=r"module must be chaos\.actions, or a module that is"
    ):
        read(tmp_path, method=[outside(provider)])


def test_a_call_that_takes_too_long_ends_with_everything_it_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = (
        "import subprocess, sys, time; "
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        f"open({str(pid)!r}, 'w').write(str(p.pid)); time.sleep(60)"
    )
    window = played(read(tmp_path, method=[outside(python(code, timeout=2))]))
    assert "gave no answer within 2 s" in (window.error or "")
    child = (
        psutil.Process(int(pid.read_text())) if psutil.pid_exists(int(pid.read_text())) else None
    )
    assert child is None or holds_within(
        lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 30.0
    )


def test_a_service_that_an_action_leaves_behind_does_not_hold_it_up(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = (
        "import subprocess, sys; "
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        f"open({str(pid)!r}, 'w').write(str(p.pid))"
    )
    window = played(read(tmp_path, method=[outside(python(code, timeout=20))]))
    psutil.Process(int(pid.read_text())).kill()
    assert "gave no answer" not in (window.error or "")


@pytest.mark.parametrize(
    ("durability", "since"), [("keeps", None), ("loses-unsynced", 2.0), ("loses-all", None)]
)
def test_the_writes_that_a_fault_may_lose_are_declared(
    tmp_path: Path, durability: str, since: float | None
) -> None:
    window = played(
        read(tmp_path, method=[breaking(tmp_path / "mark", durability=durability)]),
        Keeper(),
        RunClock(time.time() - 100.0),
    )
    if durability == "keeps":
        assert window.may_lose_since is None
    elif since is None:
        assert window.may_lose_since == 0.0
    else:
        assert window.may_lose_since == pytest.approx(window.start - since)


def test_the_pause_after_an_action_that_says_how_long_it_lasts_is_calm(tmp_path: Path) -> None:
    theirs = breaking(tmp_path / "mark", lasts=0.25)
    experiment = read(tmp_path, method=[{**theirs, "pauses": {"after": 7}}])
    (step,) = experiment.faults
    assert step.after == 7.0
    window = played(experiment, Keeper())
    assert window.injected is not None
    assert 0.25 <= window.end - window.injected < 7.0


def test_evidence_that_comes_while_the_action_runs_bounds_the_writes_that_may_be_lost(
    tmp_path: Path,
) -> None:
    mark, seen = tmp_path / "mark", tmp_path / "seen"
    # The action goes on until its effect was seen, as a script that waits for a rollout does.
    wait = f"import os, time\nwhile not os.path.exists({str(seen)!r}): time.sleep(0.02)"
    theirs = breaking(mark, durability="loses-all")
    theirs["provider"] = python(f"{touch(mark)}\n{wait}\ntime.sleep(0.5)")
    look = f"import os, sys\nif not os.path.exists({str(mark)!r}): sys.exit(1)\n{touch(seen)}"
    theirs["x-diya"]["took_hold"] = {"provider": python(look), "tolerance": 0}
    window = played(read(tmp_path, method=[theirs]), Keeper())
    assert (window.took_hold, window.error) == (True, None)
    assert window.shown_at is not None
    assert window.injected is not None
    assert window.start < window.shown_at < window.injected - 0.3


def test_the_author_says_whether_replicas_are_hit(tmp_path: Path) -> None:
    told = breaking(tmp_path / "mark", target="redis-agent", replicas=True)
    assert played(read(tmp_path, method=[told]), Keeper()).hits_replicas is True
    untold = breaking(tmp_path / "mark")
    assert played(read(tmp_path, method=[untold]), Keeper()).hits_replicas is None


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"replicas": "r01"}, "x-diya.replicas must be true or false, got 'r01'"),
        ({"durability": "some"}, "durability must be one of keeps, loses-unsynced, loses-all, got"),
        ({"undo": {"provider": {"type": "python", "module": "chaos.actions", "func": "noop"}}},
         "undo.provider.type must be process, http, or python of your own module"),
        ({"lasts": -1}, "x-diya.lasts must be at least 0 seconds, got -1"),
        ({"back_within": "soon"}, "x-diya.back_within must be at least 0 seconds, got 'soon'"),
        ({"took_hold": {"provider": python("pass"), "changes": 1}}, "changes must be true or f"),
        ({"took_hold": {"provider": python("pass"), "changes": True, "tolerance": 0}},
         "took_hold.tolerance must not be given with changes"),
        ({"ready": {"provider": {"type": "http", "url": "http://203.0.113.1/"}}},
         "ready.provider.url must be a loopback address, got .*--authorised --break-target"),
    ],
)  # fmt: skip
def test_a_word_of_the_author_that_cannot_be_read_is_refused(
    tmp_path: Path, terms: dict[str, Any], said: str
) -> None:
    with pytest.raises(ChaosConfigError, match=said):
        read(tmp_path, method=[breaking(tmp_path / "mark", **terms)])


@pytest.mark.parametrize(
    ("named", "to", "wanted"),
    [
        ("https://staging.test/a", "https://staging.test/b", None),
        ("http://staging.test/a", "https://staging.test/b", None),
        ("https://staging.test/a", "http://staging.test/b", "https://staging.test"),
        ("https://staging.test/a", "https://other.test/b", "https://staging.test"),
        ("https://staging.test/a", "http://127.0.0.1/b", "https://staging.test"),
        ("http://127.0.0.1/a", "http://[::1]/b", None),
        ("http://127.0.0.1/a", "http://staging.test/b", "a loopback address"),
    ],
)
def test_a_redirect_stays_within_the_host_that_the_file_names(
    named: str, to: str, wanted: str | None
) -> None:
    asked, redirect = urllib.request.Request(named), _Redirect(named)
    if wanted is None:
        followed = redirect.redirect_request(asked, None, 302, "Found", Message(), to)
        assert followed is not None
        assert followed.full_url == to
    else:
        with pytest.raises(ChaosError, match=f"the redirect must lead to {re.escape(wanted)}, got"):
            redirect.redirect_request(asked, None, 302, "Found", Message(), to)


def test_a_file_for_another_machine_is_checked_with_a_note(tmp_path: Path) -> None:
    away = {"type": "http", "url": "https://staging.test/break", "method": "POST"}
    read_text = yaml.safe_dump({"title": "t", "method": [outside(away)]})
    (tmp_path / "away.yaml").write_text(read_text)
    finished = command.run_here("check", str(tmp_path / "away.yaml"))
    assert finished.returncode == 0
    assert "method[0].provider calls staging.test: a run needs --target, --authorised and" in (
        finished.stdout
    )
