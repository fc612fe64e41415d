"""Reads the actions of a file that are not diya's, with the author's word about each."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from chaos.experiment import outside_terms
from chaos.experiment.fields import PASSED_OVER
from chaos.experiment.model import Probe
from chaos.experiment.outside_action import KINDS
from chaos.experiment.outside_call import OutsideCall
from chaos.experiment.outside_calls import OutsideCalls
from chaos.experiment.outside_terms import OURS, Evidence, Ready, Terms
from chaos.faults.base import Fault, require_seconds

PROBE_KEYS = ("type", "name", "provider", "tolerance")
_EVIDENCE_KEYS = (*PROBE_KEYS, "changes", "within")


@dataclass
class OutsideReader(OutsideCalls, ABC):
    """Reads such actions of one document."""

    @abstractmethod
    def probe(self, key: str, entry: Mapping[str, Any]) -> Probe:
        """The probe of an entry whose keys are known."""

    def outside_action(
        self, key: str, entry: Mapping[str, Any], after: float, *, is_fault: bool
    ) -> tuple[Callable[[], Fault], float]:
        """A maker of the action, and the calm after it; `after` is the pause after it.

        The fault lasts for the pause, unless its author says how long it lasts.
        """
        call = self.call(f"{key}.provider", entry["provider"])
        terms = self.terms(f"{key}.{OURS}", entry.get(OURS, {}), after)
        if is_fault and terms.took_hold is None:
            self.notes.append(
                f"{key} has no {OURS}: took_hold, so nothing will show that it took hold and a run "
                "will be INCONCLUSIVE"
            )
        calm = after if "lasts" in entry.get(OURS, {}) else 0.0
        return partial(KINDS[call.kind], call, terms, is_fault=is_fault), calm

    def terms(self, key: str, value: object, after: float) -> Terms:
        """The author's word about one action."""
        given = self.mapping(key, value, outside_terms.KEYS)
        durability = given.get("durability", "keeps")
        if durability not in outside_terms.DURABILITY:
            one_of = f"one of {', '.join(outside_terms.DURABILITY)}"
            self.wrong(f"{key}.durability", durability, one_of, outside_terms.DURABILITY)
        target = given.get("target")
        if target is not None and not self.text(f"{key}.target", self.put_in(key, target)):
            self.wrong(f"{key}.target", target, "a name")
        replicas = given.get("replicas")
        if replicas is not None and not isinstance(replicas, bool):
            self.wrong(f"{key}.replicas", replicas, "true or false")
        ready = given.get("ready")
        undo = given.get("undo")
        lasts_s = self.seconds(f"{key}.lasts", given.get("lasts", after))
        back_s = self.seconds(
            f"{key}.back_within", given.get("back_within", outside_terms.BACK_WITHIN_S)
        )
        return Terms(
            took_hold=self.evidence(f"{key}.took_hold", given.get("took_hold")),
            ready=None if ready is None else self.ready(f"{key}.ready", ready),
            undo=None if undo is None else self.undo(f"{key}.undo", undo),
            target=None if target is None else str(self.put_in(key, target)),
            hits_replicas=replicas,
            back_within_s=back_s,
            may_lose_s=outside_terms.DURABILITY[durability],
            lasts_s=lasts_s,
        )

    def evidence(self, key: str, given: object) -> Evidence | None:
        """The probe that shows whether an action took hold; None: there is none."""
        if given is None:
            return None
        entry = self._probe_entry(key, given, _EVIDENCE_KEYS)
        changes = entry.get("changes", False)
        if not isinstance(changes, bool):
            self.wrong(f"{key}.changes", changes, "true or false")
        if not changes and "tolerance" not in entry:
            self.fail(f"{key}.tolerance is missing")
        if changes and "tolerance" in entry:
            self.fail(f"{key}.tolerance must not be given with changes")
        within = entry.get("within")
        within_s = None if within is None else self.seconds(f"{key}.within", within)
        return Evidence(self._probe(key, "took_hold", entry), changes, within_s)

    def ready(self, key: str, given: object) -> Ready:
        """The probe that must hold before and after; it succeeds, if it names no tolerance."""
        entry = self._probe_entry(key, given, PROBE_KEYS)
        provider = entry["provider"]
        kind = provider.get("type") if isinstance(provider, dict) else None
        if "tolerance" not in entry and kind in outside_terms.EXPECTED:
            entry = {**entry, "tolerance": outside_terms.EXPECTED[str(kind)]}
        probe = self._probe(key, "ready", entry)
        if not self.outside(provider):
            return Ready(probe, None)
        wanted = self.put_in(f"{key}.tolerance", entry["tolerance"])
        call = self.call(f"{key}.provider", provider)
        return Ready(probe, {"call": call.to_json(), "tolerance": wanted})

    def undo(self, key: str, given: object) -> OutsideCall:
        """The action that undoes another."""
        entry = self.known(key, given, ("type", "name", "provider"), ("provider",), ())
        if entry.get("type", "action") != "action":
            self.wrong(f"{key}.type", entry["type"], "action")
        if not self.outside(entry["provider"]):
            provider = entry["provider"]
            kind = provider.get("type") if isinstance(provider, dict) else provider
            self.wrong(f"{key}.provider.type", kind, "process, http, or python of your own module")
        return self.call(f"{key}.provider", entry["provider"])

    def seconds(self, key: str, value: object) -> float:
        """A number of seconds from 0; a text of one, as an environment variable is, too."""
        number: Any = self.put_in(key, value)
        if self.values.waits(number):
            return 0.0
        with contextlib.suppress(ValueError):
            number = float(number) if isinstance(number, str) else number
        try:
            require_seconds(key, number)
        except ValueError as error:
            self.fail(str(error))
        return float(number)

    def _probe_entry(self, key: str, given: object, keys: tuple[str, ...]) -> Mapping[str, Any]:
        entry = self.known(key, given, keys, ("provider",), PASSED_OVER["probe"])
        if entry.get("type", "probe") != "probe":
            self.wrong(f"{key}.type", entry["type"], "probe")
        return entry

    def _probe(self, key: str, name: str, entry: Mapping[str, Any]) -> Probe:
        known = {each: entry[each] for each in PROBE_KEYS if each in entry}
        return self.probe(key, {"name": name, **known})
