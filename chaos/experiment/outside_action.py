"""Actions of a file that are not diya's: a program, an HTTP call, a function of the user's.

Their effect is not known here.  So the fault lasts for the time that its author gives, it took hold
if the author's evidence shows it, and it is healed by the author's `undo` (see `outside_terms`).
The guardian keeps the undo from before the fault begins: it is done even if the harness is killed.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, ClassVar
from urllib.parse import urlsplit

import diya_start
from chaos.errors import ChaosError
from chaos.experiment.answer_text import answer_text, cut
from chaos.experiment.model import Probe
from chaos.experiment.outside_call import OutsideCall
from chaos.experiment.outside_terms import OURS, Evidence, Terms, Unanswered, comparable
from chaos.faults.base import Area, Fault
from chaos.faults.drawing import Drawing, NeverDrawn
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.undoing import Undoing
from chaos.fleet.waiting import holds_within

_SHOWS_S, _POLL_S = 5.0, 0.2
"""How long after the call an effect may come, if its evidence does not say; the pause of asking."""
_MOST_TOLD = 200


class OutsideAction(Fault):
    """One such action."""

    kind: ClassVar[str] = "process"
    area: ClassVar[Area] = "replica"
    drawing: ClassVar[Drawing | NeverDrawn] = NeverDrawn("it comes from a file")

    def __init__(self, call: OutsideCall, terms: Terms, *, is_fault: bool) -> None:
        """`is_fault`: evidence is required.  A rollback needs none: no fault is counted for it."""
        super().__init__()
        self.call, self.terms = call, terms
        self.may_lose_s = terms.may_lose_s
        self.hits_replicas = terms.hits_replicas
        self._mask = call.values.mask
        self._is_fault = is_fault
        self._before: Any = None
        """The answer of evidence that must change, before the action."""
        self._unshown: str | None = None
        """Why nothing shows that it took hold; None: the evidence shows it."""
        self._began_at: float | None = None
        self._kept: str | None = None
        """The key of its undo at the guardian; None: not kept there."""

    def aim(self, env: SystemUnderTest, rng: Random) -> str:
        """The name that the author gives; else that of the call, without its arguments."""
        return self.terms.target or self.aimed_at()

    def aimed_at(self) -> str:
        """The program, the function, or host, port and path of the address."""
        name = self.call.name
        if self.call.kind == "http":
            url = urlsplit(name)
            name = f"{url.netloc.rpartition('@')[2]}{url.path}"
        return self._mask(name)

    def check_healthy(self, env: SystemUnderTest) -> None:
        """Raise ChaosError unless the target is ready and the evidence is not met yet."""
        if self.terms.ready is not None:
            met, answer = self._asked(self.terms.ready.probe, env)
            if met is not True:
                raise ChaosError(f"the target must be ready before the action: {answer}")
        if (why := self.unusable(env)) is not None:
            raise ChaosError(why)

    def unusable(self, env: SystemUnderTest) -> str | None:
        """Why the evidence cannot show that the action takes hold; None: it can, or there is none.

        Asks it, and remembers the answer.
        """
        evidence = self.terms.took_hold
        if evidence is None:
            return None
        if evidence.changes:
            try:
                self._before = self._identity(evidence.probe, env)
            except Unanswered as error:
                return f"took_hold must give an answer before the action: no answer: {error}"
            if isinstance(self._before, tuple) and self._before[0]:
                return f"took_hold must end with 0 before the action, got {self._before[0]}"
            return None
        met, answer = self._asked(evidence.probe, env)
        if met is False:
            return None
        return f"took_hold must be a probe that is not met before the action: {answer}"

    def before_in_words(self) -> str:
        """The answer of evidence that must change, as `unusable` got it."""
        return self._mask(repr(self._before))[:_MOST_TOLD]

    def prepare(self, env: SystemUnderTest) -> None:
        """Hand the undo to the guardian.  Raises ChaosError when it does not take it."""
        undo, ready = self.terms.undo, self.terms.ready
        if undo is None:
            return
        key = f"{self.kind}-{id(self)}"
        wait = None if ready is None else ready.by_guardian
        if wait is not None:
            address = str(wait["call"]["provider"].get("url", ""))
            wait = {**wait, "headers": dict(env.headers_for(address))}
        env.undo_keeper.keep(key, self._undoing(undo, "undo", wait, self.terms.back_within_s))
        self._kept = key

    def rollback(self) -> Undoing:
        """The action itself as the guardian plays it, if it is a rollback."""
        return self._undoing(self.call, "rollback", None, 0.0)

    def _undoing(
        self, call: OutsideCall, what: str, ready: Mapping[str, Any] | None, back_within_s: float
    ) -> Undoing:
        given = {
            "target": self.terms.target or self.aimed_at(),
            "what": what,
            "undo": call.to_json(),
            "by_hand": call.by_hand(),
            "ready": ready,
            "back_within_s": back_within_s,
        }
        command = tuple(diya_start.command("chaos.experiment.undo_process"))
        # A question that has begun is not cut short when the time to be back is over.
        asked_s = 0.0 if ready is None else OutsideCall.from_json(ready["call"]).limit_s
        return Undoing(command, given, call.limit_s + back_within_s + asked_s)

    def inject(self, env: SystemUnderTest) -> None:
        """Make the call and wait for its evidence.  Raises ChaosError when it does not succeed."""
        try:
            with self._watched(env):
                self.call.do(env.process_env)
        except ChaosError as error:
            raise ChaosError(str(error)[:_MOST_TOLD]) from None
        finally:
            self._began_at = time.monotonic()
        self._unshown = self._why_unshown(env)
        self._began_at = time.monotonic()

    @contextlib.contextmanager
    def _watched(self, env: SystemUnderTest) -> Iterator[None]:
        """Ask the evidence while the action runs, if it may lose writes.

        Only writes from before the effect may be lost: an action may wait for minutes after it.
        """
        evidence = self.terms.took_hold
        if evidence is None or self.may_lose_s is None:
            yield
            return
        over = threading.Event()

        def watch() -> None:
            while not over.wait(_POLL_S):
                if self._shows(evidence, env)[0]:
                    return

        thread = threading.Thread(target=watch, name="evidence", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def verify(self, env: SystemUnderTest) -> bool:
        """Whether the evidence shows it.  Raises ChaosError, with the reason, when it does not."""
        if self._unshown is not None:
            raise ChaosError(self._unshown)
        return True

    def _why_unshown(self, env: SystemUnderTest) -> str | None:
        evidence = self.terms.took_hold
        if evidence is None:
            if not self._is_fault:
                return None
            return (
                "nothing shows that it took hold, since its success is no evidence: add "
                f"{OURS}: took_hold to the action, a probe whose answer changes, or with a "
                "tolerance that is not met before it and is met after it"
            )
        answer = ""

        def shows() -> bool:
            nonlocal answer
            met, answer = self._shows(evidence, env)
            return met

        within_s = _SHOWS_S if evidence.within_s is None else evidence.within_s
        if holds_within(shows, within_s, poll=_POLL_S, cancelled=self.cancelled):
            return None
        verb = "did not change" if evidence.changes else "was not met"
        return f"took_hold {verb} within {within_s:g} s after the action: {answer}"

    def _shows(self, evidence: Evidence, env: SystemUnderTest) -> tuple[bool, str]:
        shows, answer = self._asked_whether(evidence, env)
        if shows and self.may_lose_s is not None and self.shown_at is None:
            self.shown_at = time.monotonic()
        return shows, answer

    def _asked_whether(self, evidence: Evidence, env: SystemUnderTest) -> tuple[bool, str]:
        if not evidence.changes:
            met, answer = self._asked(evidence.probe, env)
            return met is True, answer
        try:
            now = self._identity(evidence.probe, env)
        except Unanswered as error:
            return False, f"no answer: {error}"
        return now != self._before, f"still got {self._mask(repr(now))[:_MOST_TOLD]}"

    def _identity(self, probe: Probe, env: SystemUnderTest) -> Any:
        """The comparable answer.  Raises Unanswered, without secrets."""
        try:
            return comparable(probe.ask(env))
        except Exception as error:
            said = self._mask(str(error) or type(error).__name__)
            raise Unanswered(said[:_MOST_TOLD]) from None

    def _asked(self, probe: Probe, env: SystemUnderTest) -> tuple[bool | None, str]:
        """Whether the probe is met (None: no answer), and the answer in words."""
        try:
            value = probe.ask(env)
        except Exception as error:
            return None, f"no answer: {self._mask(str(error) or type(error).__name__)[:_MOST_TOLD]}"
        met = probe.tolerance is not None and probe.tolerance.meets(value)
        told = cut(self._mask(answer_text(value)), _MOST_TOLD)
        return met, f"got {told}, the tolerance is {self._mask(str(probe.tolerance))}"

    def heal(self, env: SystemUnderTest) -> None:
        """Wait for the end of the fault, undo it, and wait until the target is ready.

        Raises ChaosError, with the command that heals it by hand, when it does not come back.
        The waiting is not in `hold`, which is left out for a fault that did not take hold: the next
        activity must not come early, and an effect that nothing showed must fall into the window.
        """
        if self._began_at is not None:
            left = self._began_at + self.terms.lasts_s - time.monotonic()
            self.cancelled.wait(max(0.0, left))
        self._undo(env)
        if self._began_at is not None and self.terms.ready is not None:
            self._wait_ready(self.terms.ready.probe, env)

    def _undo(self, env: SystemUnderTest) -> None:
        undo = self.terms.undo
        if undo is None or self._kept is None:  # nothing was done
            return
        try:
            undo.do(env.process_env)
        except ChaosError as error:
            # The guardian keeps it: it tries once more at the end.
            self.by_hand = undo.by_hand()
            said = str(error)[:_MOST_TOLD]
            raise ChaosError(f"the undo failed: {said}; heal it by hand: {self.by_hand}") from None
        env.undo_keeper.drop(self._kept)

    def _wait_ready(self, probe: Probe, env: SystemUnderTest) -> None:
        answer = ""

        def is_ready() -> bool:
            nonlocal answer
            met, answer = self._asked(probe, env)
            return met is True

        limit_s = self.terms.back_within_s
        if holds_within(is_ready, limit_s, poll=_POLL_S):
            return
        by_hand = ""
        if self.terms.undo is not None:
            self.by_hand = self.terms.undo.by_hand()
            by_hand = f"; heal it by hand: {self.by_hand}"
        raise ChaosError(f"the target was not ready again within {limit_s:g} s: {answer}{by_hand}")


class ProcessAction(OutsideAction):
    """Runs a program."""

    kind: ClassVar[str] = "process"


class HttpAction(OutsideAction):
    """Calls a URL."""

    kind: ClassVar[str] = "http"


class PythonAction(OutsideAction):
    """Calls a function, by the Chaos Toolkit's own library, in a process of its own."""

    kind: ClassVar[str] = "python"


KINDS: dict[str, type[OutsideAction]] = {
    each.kind: each for each in (ProcessAction, HttpAction, PythonAction)
}
"""Type of the provider -> its action."""
