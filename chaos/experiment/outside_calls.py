"""Reads the parts of a file that are calls, not functions of diya; reading makes none of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from chaos.experiment.fields import Fields
from chaos.experiment.outside_call import KEYS, OutsideCall
from reports.basics.addresses import is_loopback

_OURS = "chaos"
"""The package of diya's own functions; those of any other are the user's."""
_LONGEST_ERROR = 200


@dataclass
class OutsideCalls(Fields):
    """The calls of one document, and the values of its configuration that they give."""

    ask: bool = False
    """Whether to ask the probes of the configuration: a run does, a reader does not."""
    elsewhere: bool = False
    """Whether HTTP calls may go to other machines."""

    @staticmethod
    def outside(provider: object) -> bool:
        """Whether it is an HTTP call, a process, or a function that is not diya's."""
        if not isinstance(provider, dict) or provider.get("type") not in KEYS:
            return False
        if provider["type"] != "python":
            return True
        module = provider.get("module")
        return isinstance(module, str) and module.partition(".")[0] != _OURS

    def call(self, key: str, value: object) -> OutsideCall:
        """The call, its values filled in.  A run imports the module of a function, elsewhere."""
        entry = self.mapping(key, value, required=("type",))
        keys, needed = KEYS[entry["type"]]
        self.mapping(key, entry, keys, required=needed)
        filled = {name: self.put_in(f"{key}.{name}", each) for name, each in entry.items()}
        call = OutsideCall(filled, self.values, self.elsewhere)
        if self.values.waits(filled):
            return call
        try:
            if call.kind == "python":
                self._find(key, filled["module"])
            call.check()
            if self.ask:
                call.check_function()
        except (ValueError, TimeoutError) as error:
            joint = "." if str(error).partition(" ")[0] in keys else ": "
            self.fail(f"{key}{joint}{error}")
        if call.kind == "http" and not is_loopback(host := urlsplit(call.name).hostname or ""):
            self.notes.append(
                f"{key} calls {host}: a run needs --target, --authorised and --break-target"
            )
        return call

    def _find(self, key: str, module: str) -> None:
        """Refuse a module whose package is not there; nothing is imported."""
        package = module.partition(".")[0]
        path, sys.path = sys.path, [os.getcwd(), *sys.path]
        try:
            found = find_spec(package)
        except (ImportError, ValueError):
            found = None
        finally:
            sys.path = path
        if found is None:
            self.wrong(f"{key}.module", module, "chaos.actions, or a module that is installed")

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
            call = self.call(place, probe["provider"])
            if self.ask:
                value = self._answer(key, call)
                configuration = {**self.values.configuration, name: value}
                self.values = replace(self.values, configuration=configuration)
            else:
                self.values = replace(self.values, unasked=self.values.unasked | {name})
                self.notes.append(f"{key} is asked when a run begins; its value is not checked")

    def _answer(self, key: str, call: OutsideCall) -> Any:
        try:
            answer = call.ask()
        except Exception as error:
            self.fail(f"{key}: the probe must answer: {error or type(error).__name__}")
        if call.kind == "python":
            return answer
        if "body" in answer:
            return answer["body"]
        if answer["status"]:
            self.fail(
                f"{key}: the process must end with 0, got {answer['status']}: "
                f"{answer['stderr'].strip()[:_LONGEST_ERROR]}"
            )
        return answer["stdout"].strip()
