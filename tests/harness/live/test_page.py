"""A real browser opens the page of a running run: it follows, and the reader keeps the place."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.live.board import Board
from harness.live.messages import Address
from harness.live.server import HTML, JSON, Site
from reports.render.live import Now
from tests import tools
from tests.reports.conftest import stored

pytestmark = pytest.mark.service

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--enable-logging=stderr", "--virtual-time-budget=12000", "--dump-dom"),
)
_PROBE = """
const pause = (ms) => new Promise((then) => setTimeout(then, ms));
const top_of = (text) => [...document.querySelectorAll("h2")]
  .find((each) => each.textContent === text).getBoundingClientRect().top;
const until = async (held) => { while (!held()) await pause(50); };
(async () => {
  await until(() => document.querySelector("svg.chart .hair"));
  const summary = [...document.querySelectorAll("details > summary")]
    .find((each) => each.textContent.includes("Continuity"));
  summary.click();
  const scroll = [...document.querySelectorAll(".scroll")].at(-1);
  scrollTo(0, 0);
  scrollBy(0, top_of("Faults") - 200);
  const place = () => ({ top: top_of("Faults"), offset: top_of("Faults") + scrollY });
  const before = { ...place(), title: document.title };
  await fetch("change");
  await until(() => document.title.startsWith("NO-GO"));
  const after = {
    ...place(),
    kind: document.body.className,
    open: [...document.querySelectorAll("details[open] > summary b")].map((b) => b.textContent),
    failed: document.querySelectorAll("tr.fail").length,
    hairs: document.querySelectorAll("svg.chart .hair").length,
    scrolled: scrollY,
    sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  };
  await fetch("end");
  await until(() => !document.querySelector(".stale").hidden);
  document.body.dataset.probe = JSON.stringify({
    before, after, stale: document.querySelector(".stale").textContent });
})();
"""


@contextmanager
def serving(board: Board, more: Mapping[str, Callable[[], None]], probe: str = "") -> Iterator[str]:
    """The board's page, and paths that do something; the page runs `probe` too."""

    def page(_: Mapping[str, str]) -> bytes:
        whole = board.page()
        if probe:  # the page's own policy would refuse the script
            whole = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", whole)
            whole = whole.replace("</body>", f"<script>{probe}</script></body>")
        return whole.encode()

    def doing(act: Callable[[], None]) -> Callable[[Mapping[str, str]], bytes]:
        def done(_: Mapping[str, str]) -> bytes:
            act()
            return b"{}"

        return done

    routes = {
        "/": (HTML, page),
        "/state": (JSON, lambda query: board.state(query.get("after", ""))),
        **{f"/{name}": (JSON, doing(act)) for name, act in more.items()},
    }
    with Site(Address("127.0.0.1", 0), routes) as site:
        thread = threading.Thread(target=site.serve_forever, daemon=True)
        thread.start()
        try:
            yield site.address.url()
        finally:
            site.shutdown()
            thread.join()


def browse(url: str, folder: Path, width: int = 1280) -> tuple[str, str]:
    """The DOM of the page after some seconds, and what the browser logged."""
    browser = tools.require("chromium", "chromium-browser")
    finished = subprocess.run(
        [
            *(browser, *_FLAGS, f"--window-size={width},900"),
            *(f"--user-data-dir={folder / 'browser'}", url),
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    return finished.stdout, finished.stderr


def running(kind: str, verdict: str) -> dict[str, Any]:
    """A stored result as that of a running run."""
    return {**stored(kind), "verdict": verdict}


@pytest.mark.parametrize("width", [1280, 500])
def test_the_page_follows_the_run_and_the_reader_keeps_the_place(
    tmp_path: Path, width: int
) -> None:
    board = Board("run1")
    board.show(Now("opening", 75.0, 61.0, "kill-redis-1", 68.2, 0.24, 3000, 2, 40, 70.0, "a line"))
    board.judged(running("go", "RUNNING"))
    # The report of the failed run has more above the faults.
    change = {
        "change": lambda: board.judged(running("no_go", "NO-GO SO FAR")),
        "end": lambda: board.end(Now("over")),
    }
    with serving(board, change, _PROBE) as url:
        dom, _ = browse(url, tmp_path, width)
    found = re.search(r'data-probe="([^"]*)"', dom)
    assert found, "the script did not come to its end"
    probe = json.loads(found[1].replace("&quot;", '"').replace("&amp;", "&"))
    assert probe["before"]["title"].startswith("RUNNING 1:15")
    assert probe["after"]["kind"] == "fail"
    assert probe["after"]["failed"] > 0
    assert probe["after"]["scrolled"] > 0
    assert probe["after"]["offset"] != pytest.approx(probe["before"]["offset"], abs=20)
    assert probe["after"]["top"] == pytest.approx(probe["before"]["top"], abs=2)
    assert "Continuity" in probe["after"]["open"]
    assert probe["after"]["hairs"] == 1
    assert probe["after"]["sideways"] == 0
    assert probe["stale"] == "The run has ended; this page is its last state."


def test_the_pages_own_policy_lets_it_ask_for_its_state_and_nothing_else(tmp_path: Path) -> None:
    board = Board("run1")
    board.show(Now("opening", note="<b>not bold</b>"))
    board.judged(running("no_go", "NO-GO SO FAR"))
    with serving(board, {}) as url:
        dom, log = browse(url, tmp_path)
    assert "CONSOLE" not in log
    assert dom.count('class="hair"') == 1
    assert "<b>not bold</b>" not in dom
    assert "&lt;b&gt;not bold&lt;/b&gt;" in dom
    assert "connect-src 'self'" in dom


def test_a_page_that_gets_no_answer_says_since_when(tmp_path: Path) -> None:
    board = Board("run1")
    board.judged(running("go", "RUNNING"))

    def gone() -> None:
        raise OSError("the run was killed")

    script = """
    const until = async (held) => { while (!held()) await new Promise((t) => setTimeout(t, 50)); };
    (async () => {
      await until(() => document.querySelector("svg.chart .hair"));
      window.fetch = () => Promise.reject(new TypeError("refused"));
      await until(() => !document.querySelector(".stale").hidden);
      document.body.dataset.probe = "told";
    })();
    """
    with serving(board, {"gone": gone}, script) as url:
        dom, _ = browse(url, tmp_path)
    assert 'data-probe="told"' in dom
    assert re.search(r"diya has not answered since \d+:\d\d:\d\d", dom)
