"""Says why the TTL of a run's sessions is not known, and how to declare it, if it can be."""

from __future__ import annotations

from reports.records.run_description import RunDescription


def reason(run: RunDescription) -> str:
    """Why it is not known, without a full stop."""
    if run.ttl_can_be_declared:
        whose = "target's" if run.foreign else "session service's"
        return f"the {whose} TTL is not declared (--ttl)"
    if not run.shows_sessions:
        return "this door shows no session that expires"
    return "the session service sets no TTL"


def remedy(run: RunDescription) -> str:
    """The end of a sentence, how to tell expired sessions from lost ones; empty: it cannot be."""
    return ": declare --ttl" if run.ttl_can_be_declared else ""
