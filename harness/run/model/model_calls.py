"""Copies the calls of a model stand-in that runs beside a target into the run directory."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

from chaos.errors import ChaosError
from chaos.fleet.stand_in_control import StandInControl
from harness.errors import ConfigError
from reports.records import FILES, ModelCall, RecordWriter

_LOG = logging.getLogger(__name__)
_STEP_S = 1.0
_JOIN_S = 10.0


class ModelCalls:
    """Asks the stand-in every second for its new calls, until it is stopped."""

    def __init__(self, control: StandInControl, records: RecordWriter, origin: float) -> None:
        """`origin` is run time zero, Unix epoch seconds; nothing is sent yet."""
        self._control, self._records, self._origin = control, records, origin
        self._next = 0
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._follow, name="model-calls", daemon=True)
        self._count = 0

    def start(self) -> None:
        """Skip the calls before now, and begin.  Raises ConfigError when it does not answer."""
        try:
            self._next = self._control.count()
        except ChaosError as error:
            raise ConfigError(f"--model-url {error}; it must be a `diya model` that runs") from None
        self._thread.start()

    def count(self) -> int:
        """How many calls have come in since the start.  Raises ChaosError without an answer."""
        self._copy()
        return self._count

    def stop(self) -> str | None:
        """Copy the last calls and end; why calls may be missing, or None."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)
        try:
            self._copy()
        except (ChaosError, OSError) as error:
            return f"{error}: calls of the model may be missing in the records"
        return None

    def _follow(self) -> None:
        while not self._ended.wait(_STEP_S):
            try:
                self._copy()
            except ChaosError as error:
                _LOG.info("%s", error)  # it may be back at the next step
            except OSError:
                return  # the disk takes no more, which ends the run elsewhere

    def _copy(self) -> None:
        with self._lock:
            answer = self._control.calls(self._next)
            if answer["next"] < self._next:  # it was started again, and counts from 0
                answer = self._control.calls(0)
            self._next = answer["next"]
            later = answer["origin"] - self._origin
            lines = [json.dumps(_moved(call, later)).encode() + b"\n" for call in answer["calls"]]
            if lines:
                self._records.append(FILES[ModelCall], b"".join(lines))
            self._count += len(lines)


def _moved(call: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The call in another clock's time, this many seconds later."""
    times = {
        name: round(call[name] + seconds, 6)
        for name in ("t", "done")
        if isinstance(call.get(name), int | float)
    }
    return {**call, **times}
