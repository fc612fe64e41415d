"""Reads the parts of a file that are a program or an HTTP call; reading makes none of the calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from chaos.errors import ChaosError
from chaos.experiment import probe_providers
from chaos.experiment.fields import Fields

_CALLS = {
    "http": (probe_providers.http, probe_providers.HTTP_KEYS, "url"),
    "process": (probe_providers.process, probe_providers.PROCESS_KEYS, "path"),
}
"""Type of a provider that is no function -> what makes the call, its keys, and the required one."""
_LONGEST_ERROR = 200


@dataclass
class OutsideCalls(Fields):
    """The calls of one document, and the values of its configuration that they give."""

    ask: bool = False
    """Whether to ask the probes of the configuration: a run does, a reader does not."""

    @staticmethod
    def outside(provider: object) -> bool:
        """Whether it is an HTTP call or a process."""
        return isinstance(provider, dict) and provider.get("type") in _CALLS

    def call(
        self, key: str, value: object
    ) -> tuple[Mapping[str, Any], Callable[[], dict[str, Any]]]:
        """The filled provider of an HTTP call or a process, and the call."""
        entry = self.mapping(key, value, required=("type",))
        make, keys, needed = _CALLS[entry["type"]]
        self.mapping(key, entry, keys, required=(needed,))
        filled = {name: self.put_in(f"{key}.{name}", each) for name, each in entry.items()}
        if self.values.waits(filled):
            return filled, _refuse
        try:
            return filled, make(filled)
        except ValueError as error:
            self.fail(f"{key}.{error}")

    def probe_configuration(self, entries: Mapping[str, Any]) -> None:
        """Check the probes of the configuration, in order: each may use the values before it.

        With `ask` they are asked: as in the Chaos Toolkit a process gives its output, and an HTTP
        call its body.  Without it their values are not known.
        """
        for name, entry in entries.items():
            if not (isinstance(entry, dict) and entry.get("type") == "probe"):
                continue
            key = f"configuration.{name}"
            probe = self.known(key, entry, ("type", "name", "provider"), ("provider",), ())
            place = f"{key}.provider"
            if not self.outside(probe["provider"]):
                kind = self.mapping(place, probe["provider"]).get("type")
                self.wrong(f"{place}.type", kind, "http or process, since there is no fleet yet")
            _, call = self.call(place, probe["provider"])
            if self.ask:
                value = self._answer(key, call)
                configuration = {**self.values.configuration, name: value}
                self.values = replace(self.values, configuration=configuration)
            else:
                self.values = replace(self.values, unasked=self.values.unasked | {name})
                self.notes.append(f"{key} is asked when a run begins; its value is not checked")

    def _answer(self, key: str, call: Callable[[], dict[str, Any]]) -> Any:
        try:
            answer = call()
        except Exception as error:
            self.fail(f"{key}: the probe must answer: {error or type(error).__name__}")
        if "body" in answer:
            return answer["body"]
        if answer["status"]:
            self.fail(
                f"{key}: the process must end with 0, got {answer['status']}: "
                f"{answer['stderr'].strip()[:_LONGEST_ERROR]}"
            )
        return answer["stdout"].strip()


def _refuse() -> NoReturn:
    raise ChaosError("a call cannot be made before the probes of the configuration are asked")
