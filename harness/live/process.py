"""The process that shows a run: it reads the run directory, and lines about the run on its input.

It ends when the run says that it is over and its readers have seen the last state, and at once when
its input ends, because the run was killed then.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from harness.live.board import Board
from harness.live.exporter import Exporter
from harness.live.figures import WINDOW_S, Figures, p99
from harness.live.judging import Judging
from harness.live.messages import Farewell, Message, Orders, Over, Ready, Said, State
from harness.live.metrics import RunMetrics
from harness.live.server import HTML, JSON, Route, Site
from reports.records import Outcome, RunClock
from reports.render.live import Now
from reports.verdict.so_far import InProgress

_LOOK_S = 0.5
_PAGE_S = 2.5
"""A page asks every second."""
_SPANS_S = 5.0
_STEP_S = 0.1
_ANSWER_S = 5.0
_NICE = 10


class Shown:
    """One run that is shown."""

    def __init__(self, orders: Orders) -> None:
        """Listens, and answers once `follow` is called.  Raises OSError when it cannot listen."""
        run_dir = Path(orders.run_dir)
        self._figures = Figures(run_dir)
        run = self._figures.run
        self._clock, self._board = RunClock(run.origin), Board(run.run_id)
        self._state, self._note = State(0.0, "starting", 0.0), ""
        self._faults: dict[str, InProgress] = {}
        self._over: Over | None = None
        self._changed = threading.Event()
        self._exporter = None if orders.collector is None else Exporter(orders.collector, run)
        self._metrics = RunMetrics(
            self._figures, self._board, self._with_marks, self._clock.now, self._exporter
        )
        self._judging = Judging(run_dir, self._board, lambda: tuple(self._faults.values()))
        self._judges = orders.page is not None or orders.metrics is not None
        self._page = None if orders.page is None else Site(orders.page, self._pages())
        self._scraped = None if orders.metrics is None else Site(orders.metrics, self._scrapes())

    def _pages(self) -> dict[str, tuple[str, Route]]:
        return {
            "/": (HTML, lambda _: self._board.page().encode()),
            "/state": (JSON, lambda query: self._board.state(query.get("after", ""))),
        }

    def _scrapes(self) -> dict[str, tuple[str, Route]]:
        registry = CollectorRegistry()
        registry.register(self._metrics)
        return {"/metrics": (CONTENT_TYPE_PLAIN_0_0_4, lambda _: generate_latest(registry))}

    def addresses(self) -> Ready:
        """Where it listens."""
        return Ready(
            page=None if self._page is None else self._page.address.url(),
            metrics=None if self._scraped is None else f"{self._scraped.address.url()}metrics",
        )

    def tell(self, message: Message) -> None:
        """Take a line of the run; called by the thread that reads them."""
        if isinstance(message, Over):
            self._over = message
            self._changed.set()
        elif isinstance(message, Said):
            self._note = message.text
        else:
            self._state = message
            current = (message.fault or "").split(" + ")
            known = self._faults
            self._faults = {
                name: known.get(name) or InProgress(name, message.t) for name in current if name
            }

    def follow(self) -> Farewell:
        """Show the run until it is over and its readers have seen that."""
        for site in (self._page, self._scraped):
            if site is not None:
                site.begin()
        while self._over is None:
            self._look()
            self._changed.wait(_LOOK_S)
        self._look()
        if self._judges:
            self._judging.end(judged=self._over.judged)
        judged = self._over.judged
        self._board.end(self._now("over" if judged else "stopped"), judged=judged)
        if self._exporter is not None:
            self._exporter.close(_SPANS_S)
        self._wait_for_readers(judged)
        if self._exporter is None:
            return Farewell()
        return Farewell(self._exporter.lost, self._exporter.why)

    def close(self) -> None:
        """Leave nothing behind."""
        self._judging.close()

    def _look(self) -> None:
        turns = self._figures.look()
        if self._exporter is not None:
            self._exporter.add(turns)
        if self._judges and self._figures.load_start is not None:
            self._judging.start()
        self._board.show(self._now(self._state.phase))

    def _with_marks(self) -> State:
        """The newest state, with the faults that other tools do."""
        both = [*((self._state.fault or "").split(" + ")), *self._figures.marked()]
        return replace(self._state, fault=" + ".join(filter(None, both)) or None)

    def _now(self, phase: str) -> Now:
        t, outcomes = self._clock.now(), self._figures.outcomes
        recent = self._figures.recent(t)
        under_way = self._figures.generator("open_conversations")
        began = self._figures.load_start is not None
        return Now(
            phase=phase,
            t=t,
            left_s=None if self._over is not None or not began else self._state.left_s,
            fault=None if self._over is not None else self._with_marks().fault,
            turns_per_s=len(recent) / WINDOW_S,
            p99_s=p99(recent),
            turns=sum(outcomes.values()),
            errors=sum(outcomes.values()) - outcomes[Outcome.OK],
            open=None if under_way is None else int(under_way),
            judged_at=self._judging.judged_at,
            note=self._note,
        )

    def _wait_for_readers(self, judged: bool) -> None:
        """Stay until open pages and a regular scraper have had the last state."""
        page_until = time.monotonic() + (_PAGE_S if self._board.is_read() else 0.0)
        scrape_until = time.monotonic() + (self._metrics.next_scrape_s() if judged else 0.0)
        while (now := time.monotonic()) < max(page_until, scrape_until):
            if now >= page_until and self._metrics.next_scrape_s() == 0.0:
                break
            time.sleep(_STEP_S)
        sites = [site for site in (self._page, self._scraped) if site is not None]
        end = time.monotonic() + _ANSWER_S
        while any(site.is_answering for site in sites) and time.monotonic() < end:
            time.sleep(_STEP_S)


def main() -> None:
    """Take the orders from standard input, answer on standard output, show the run."""
    # These end the run, which says so or hangs up; the last state is still to be seen.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICE)
    lines, answers = sys.stdin.buffer, sys.stdout.buffer
    orders = msgspec.json.decode(lines.readline(), type=Orders)
    try:
        shown = Shown(orders)
    except OSError as error:
        _answer(answers, Ready(error=error.strerror or str(error)))
        return
    _answer(answers, shown.addresses())
    threading.Thread(target=_read, args=(lines, shown), name="lines", daemon=True).start()
    try:
        farewell = shown.follow()
    finally:
        shown.close()
    _answer(answers, farewell)
    os._exit(0)  # readers' threads may be in the middle of an answer


def _read(lines: BinaryIO, shown: Shown) -> None:
    decode = msgspec.json.Decoder(Message).decode
    for line in lines:
        with contextlib.suppress(msgspec.DecodeError):  # half a line of a dead harness
            shown.tell(decode(line))
    shown.close()
    os._exit(0)  # the run was killed: nobody is there to end this process


def _answer(stream: BinaryIO, message: msgspec.Struct) -> None:
    stream.write(msgspec.json.encode(message) + b"\n")
    stream.flush()
