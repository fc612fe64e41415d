"""The objects, their resource versions, and the history that watches are told."""

from __future__ import annotations

import copy
import datetime
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
_KEPT_EVENTS = 1000


class Refused(Exception):
    """The answer is a `Status`."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code, self.reason = code, reason


@dataclass(frozen=True)
class Event:
    """One change, as a watch tells it."""

    version: int
    type: str
    plural: str
    object: Object


def now() -> str:
    """As the API writes a time."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def matches(selector: str, labels: Mapping[str, str]) -> bool:
    """Whether labels satisfy a label selector."""
    for term in re.split(r",(?![^(]*\))", selector):
        among = re.fullmatch(r"\s*(\S+)\s+(not)?in\s*\(([^)]*)\)\s*", term)
        if among:
            values = {each.strip() for each in among[3].split(",")}
            if (labels.get(among[1]) in values) == bool(among[2]):
                return False
            continue
        equal = re.fullmatch(r"\s*([^!=\s]+)\s*(==?|!=)\s*(\S*)\s*", term)
        if equal:
            if (labels.get(equal[1]) == equal[3]) != (equal[2] != "!="):
                return False
        elif term.strip().startswith("!"):
            if term.strip()[1:] in labels:
                return False
        elif term.strip() and term.strip() not in labels:
            return False
    return True


class Store:
    """All objects by (plural, namespace, name); namespace is empty for nodes."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.version = 1
        self.oldest = 0
        """Lists and watches from before this version have expired."""
        self._objects: dict[tuple[str, str, str], Object] = {}
        self._events: list[Event] = []

    def add(self, plural: str, document: Object) -> Object:
        """Create an object.  Raises Refused (409) when there is one of its name."""
        with self.lock:
            meta = document["metadata"]
            key = (plural, meta.get("namespace", ""), meta["name"])
            if key in self._objects:
                raise Refused(409, "AlreadyExists", f'{plural} "{meta["name"]}" already exists')
            meta |= {"uid": str(uuid.uuid4()), "creationTimestamp": now()}
            meta.setdefault("generation", 1)
            self._objects[key] = document
            self._note("ADDED", plural, document)
            return copy.deepcopy(document)

    def get(self, plural: str, namespace: str, name: str) -> Object:
        """A copy of one object.  Raises Refused (404)."""
        with self.lock:
            found = self._objects.get((plural, namespace, name))
            if found is None:
                raise Refused(404, "NotFound", f'{plural} "{name}" not found')
            return copy.deepcopy(found)

    def all(self, plural: str, namespace: str, selector: str = "") -> list[Object]:
        """Copies of those that a selector finds."""
        with self.lock:
            return [
                copy.deepcopy(document)
                for (kind, space, _), document in sorted(self._objects.items())
                if (kind, space) == (plural, namespace)
                and matches(selector, document["metadata"].get("labels", {}))
            ]

    def change(
        self, plural: str, namespace: str, name: str, edit: Callable[[Object], None]
    ) -> Object:
        """Edit one object in place.  Raises Refused (404).

        A change of its `spec` is a new generation; an edit without effect is no event.
        """
        with self.lock:
            found = self._objects.get((plural, namespace, name))
            if found is None:
                raise Refused(404, "NotFound", f'{plural} "{name}" not found')
            before = copy.deepcopy(found)
            edit(found)
            if found != before:
                if found.get("spec") != before.get("spec"):
                    found["metadata"]["generation"] = before["metadata"]["generation"] + 1
                self._note("MODIFIED", plural, found)
            return copy.deepcopy(found)

    def remove(self, plural: str, namespace: str, name: str) -> None:
        """Forget one object, if it is there."""
        with self.lock:
            document = self._objects.pop((plural, namespace, name), None)
            if document is not None:
                self._note("DELETED", plural, document)

    def expire(self) -> None:
        """Forget the history: older lists and watches are answered with 410."""
        with self.lock:
            self.version += 1
            self.oldest = self.version
            self._events.clear()
            self.changed.notify_all()

    def _note(self, type_: str, plural: str, document: Object) -> None:
        self.version += 1
        document["metadata"]["resourceVersion"] = str(self.version)
        self._events.append(Event(self.version, type_, plural, copy.deepcopy(document)))
        if len(self._events) > _KEPT_EVENTS:
            self.oldest = self._events[0].version
            del self._events[0]
        self.changed.notify_all()

    def since(self, version: int, timeout_s: float) -> Iterator[Event]:
        """The events after a version, as they come.  Raises Refused (410)."""
        while True:
            with self.lock:
                self.check(version)
                fresh = [event for event in self._events if event.version > version]
                if not fresh:
                    if not self.changed.wait(timeout_s):
                        return
                    continue
            yield from fresh
            version = fresh[-1].version

    def check(self, version: int) -> None:
        """Raise Refused (410) for a version whose history is forgotten."""
        if version < self.oldest:
            raise Refused(410, "Expired", f"too old resource version: {version} ({self.oldest})")
