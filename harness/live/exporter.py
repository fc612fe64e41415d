"""Sends the spans of turns to an OpenTelemetry collector, in batches, by a thread of its own.

A collector that is slow or gone costs spans and nothing else: a bounded queue drops the oldest.
"""

from __future__ import annotations

import http.client
import json
import os
import threading
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from harness.live import spans
from reports.records import TurnRecord
from reports.records.run_description import RunDescription

HEADERS_VARIABLE = "OTEL_EXPORTER_OTLP_HEADERS"
_BATCH = 512
_QUEUE = 20_000
_TIMEOUT_S = 5.0
_EVERY_S = 1.0
_LONGEST_PAUSE_S = 16.0
_LAST_PAUSE_S = 0.5
_AGAIN = frozenset({408, 429, 502, 503, 504})
"""Answers after which the same spans may be sent again, by the protocol."""


class Exporter:
    """Takes turns, and posts their spans."""

    def __init__(
        self, url: str, run: RunDescription, environment: Mapping[str, str] = os.environ
    ) -> None:
        """`url` is the whole address for spans; headers come from the environment, as OpenTelemetry
        has them: `NAME=VALUE,NAME=VALUE`, values in per cent encoding."""
        self._url, self._run = url, run
        self._headers = {"Content-Type": "application/json", **headers(environment)}
        self._queue: deque[TurnRecord] = deque()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._given_up = threading.Event()
        self.sent = 0
        """The number of spans that the collector took."""
        self.lost = 0
        """The number of spans that were given up."""
        self.why = ""
        """Why the last attempt failed; without any value of a header."""
        self._thread = threading.Thread(target=self._follow, name="spans", daemon=True)
        self._thread.start()

    def add(self, turns: Sequence[TurnRecord]) -> None:
        """Take turns; never waits."""
        with self._lock:
            self._queue.extend(turns)
            while len(self._queue) > _QUEUE:
                self._queue.popleft()
                self.lost += 1

    def close(self, seconds: float) -> None:
        """Send what is left, for at most so long; what is left then is lost."""
        self._ended.set()
        self._thread.join(seconds)
        self._given_up.set()
        with self._lock:
            self.lost += len(self._queue)
            self._queue.clear()

    def _follow(self) -> None:
        pause = _EVERY_S
        while not self._given_up.is_set():
            ended = self._ended.is_set()
            if self._send_all():
                if ended:
                    return
                pause = _EVERY_S
            else:
                pause = min(2 * pause, _LONGEST_PAUSE_S)
            if ended:
                self._given_up.wait(_LAST_PAUSE_S)
            else:
                self._ended.wait(pause)

    def _send_all(self) -> bool:
        """Send batches until none is left; False: the collector may take them later."""
        while True:
            with self._lock:
                batch = [self._queue[n] for n in range(min(_BATCH, len(self._queue)))]
            if not batch:
                return True
            refused = self._post(batch)
            if refused is None:
                return False
            with self._lock:
                for turn in batch:
                    if self._queue and self._queue[0] is turn:  # else the queue was full
                        self._queue.popleft()
                        self.sent += not refused
                        self.lost += refused

    def _post(self, batch: list[TurnRecord]) -> bool | None:
        """False: taken; True: refused for good; None: to be sent again."""
        body = json.dumps(spans.request(self._run, batch)).encode()
        asked = urllib.request.Request(self._url, body, self._headers, method="POST")
        try:
            with _opener.open(asked, timeout=_TIMEOUT_S) as answer:
                answer.read(1 << 16)
            return False
        except urllib.error.HTTPError as error:
            error.close()
            self.why = f"HTTP {error.code}"
            return None if error.code in _AGAIN else True
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            self.why = getattr(reason, "strerror", None) or type(reason).__name__
            return None
        except ValueError:  # its text has the value, which may be a secret
            self.why = f"{HEADERS_VARIABLE} has a header that HTTP does not allow"
            return True


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Spans and their headers go to the named address only."""

    def redirect_request(self, *_: object) -> None:
        """Follow none."""


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


def headers(environment: Mapping[str, str]) -> dict[str, str]:
    """What `OTEL_EXPORTER_OTLP_HEADERS` says: names and values, their escapes undone."""
    pairs = environment.get(HEADERS_VARIABLE, "").split(",")
    split = (pair.partition("=") for pair in pairs if "=" in pair)
    return {unquote(name.strip()): unquote(value.strip()) for name, _, value in split}
