"""The meaning of each profile key: a test holds these to the keys that the reader asks for."""

from __future__ import annotations

from collections.abc import Mapping

SECTIONS: Mapping[str, tuple[str, str]] = {
    "": ("Top level", "The name of the profile, and its sections."),
    "time": ("`[time]`", "How sale time becomes real time."),
    "load": ("`[load]`", "How many customers come, and how much the generator may hold."),
    "phase": (
        "`[[phase]]`",
        "The day is made of phases, one after the other. Levels are multiples of `base_rate`. Each "
        "phase has one shape: `from` with `to`, `hold`, `decay`, `levels`, or `csv`.",
    ),
    "spike": ("`[[spike]]`", "A flash sale: the rate of the moment is multiplied for a while."),
    "cliff": (
        "`[[cliff]]`",
        "A reconnect cliff: arriving customers are held back, and then they all come at once.",
    ),
    "conversation": ("`[conversation]`", "How customers behave in one conversation."),
    "slo": ("`[slo]`", "What is good enough: the limits of the [gates](gates.md)."),
}
"""Section -> its title and one sentence, in the order of the page."""

_SHAPES = ("from", "to", "hold", "decay", "after_minutes", "floor", "levels", "csv")

DEFAULTS: Mapping[tuple[str, str], str] = {
    **{("phase", key): "by shape" for key in _SHAPES},
    ("", "journeys"): "all journeys of the file, by its weights",
    ("conversation", "languages"): "`en` 0.5, `hi` 0.25, `hinglish` 0.25",
    ("phase", "peak"): "the log as counted",
    ("phase", "rise_seconds"): "`0`",
    ("slo", "recovery_p99_s"): "`fault_p99_s`",
    ("slo", "warmup_p99_s"): "`fault_p99_s`",
}
"""Defaults that follow from other values."""

MEANINGS: Mapping[tuple[str, str], str] = {
    ("", "name"): "The profile's name; run directories and reports carry it.",
    ("", "description"): "One line for `diya profile list`.",
    ("", "time"): "Time and the TTL, [below](#time).",
    ("", "load"): "The load, [below](#load).",
    ("", "phase"): "The phases of the day, [below](#phase).",
    ("", "spike"): "Flash sales, [below](#spike).",
    ("", "cliff"): "Reconnect cliffs, [below](#cliff).",
    ("", "conversation"): "The customers' behaviour, [below](#conversation).",
    ("", "journeys"): "Journey = weight: how often each [journey](../journeys.md) is played. In a "
    "profile of your own this list is complete.",
    ("", "slo"): "The limits, [below](#slo).",
    (
        "time",
        "compression",
    ): "Sale seconds that pass in one real second. Scales phases, think times and the TTL alike.",
    ("time", "ttl_seconds"): "Sale seconds that a session lives after its last turn. The real TTL, "
    "`ttl_seconds / compression`, must be at least 1 s.",
    ("load", "base_rate"): "Conversations that begin per real second at level 1.",
    ("load", "max_open"): "Conversations open at once. An arrival above it is dropped, and the run "
    "becomes INCONCLUSIVE.",
    (
        "load",
        "late_after_s",
    ): "Real seconds: an arrival that the generator can offer only this much "
    "too late is dropped, and the run becomes INCONCLUSIVE.",
    ("load", "day_cv"): "How much one day differs from the next: the whole curve of a run is "
    "multiplied by a draw from a Gamma distribution of mean 1 and this coefficient of variation. "
    "0: never.",
    ("phase", "name"): "The phase's name. Experiments may refer to it (`opening+5s`).",
    ("phase", "minutes"): "Sale minutes that the phase lasts (not with `csv`).",
    ("phase", "from"): "A straight line from this level …",
    ("phase", "to"): "… to this level.",
    ("phase", "hold"): "A step to this level.",
    ("phase", "rise_seconds"): "Sale seconds in which `hold` is reached, in a straight line.",
    (
        "phase",
        "decay",
    ): "The level falls as `max(floor, level before · (t / after_minutes)^-decay)`.",
    ("phase", "after_minutes"): "Sale minutes: the phase begins at t = `after_minutes`.",
    ("phase", "floor"): "The level below which `decay` does not fall.",
    ("phase", "levels"): "Equal slices of the phase, each at its own level.",
    (
        "phase",
        "csv",
    ): "A log of requests per minute, relative to this file: one number a line, or a "
    "time and a number.",
    ("phase", "requests_per_turn"): "Requests of the log that make one turn.",
    ("phase", "peak"): "Scales the log so that its busiest minute is this many times `base_rate`.",
    ("spike", "at"): "Sale minutes after the start of the load.",
    ("spike", "minutes"): "Sale minutes that it lasts.",
    ("spike", "times"): "The factor on the rate of the moment.",
    ("cliff", "at"): "Sale minutes after the start of the load.",
    ("cliff", "minutes"): "Sale minutes for which customers are cut off.",
    ("cliff", "share"): "The share of arriving customers that is cut off.",
    ("cliff", "back_minutes"): "Sale minutes after it within which they all arrive, on top of the "
    "others.",
    ("conversation", "mean_turns"): "Mean of 1 + geometric, before any customer gives up.",
    ("conversation", "max_turns"): "No conversation has more turns.",
    ("conversation", "abandon_share"): "The share of customers who leave after each turn. Only the "
    "TTL frees their sessions.",
    ("conversation", "think_median"): "Sale seconds between a reply and the next message, median. "
    "Think times are log-normal.",
    ("conversation", "think_sigma"): "Standard deviation of the logarithm of think times.",
    (
        "conversation",
        "stream_share",
    ): "The share of conversations with streamed replies (`/run_sse`).",
    ("conversation", "delete_share"): "The share of completed conversations that the customer "
    "deletes.",
    ("conversation", "deadline_s"): "Real seconds that one turn may take, retries included.",
    ("conversation", "attempt_timeout_s"): "Real seconds that one attempt may take.",
    ("conversation", "languages"): "Language = weight.",
    (
        "conversation",
        "return_within_ttl",
    ): "The share of customers who are away once for about half "
    "of the TTL; their session must still be there.",
    (
        "conversation",
        "return_after_ttl",
    ): "The share of customers who are away once for longer than "
    "the TTL; their session must be gone, and they open another.",
    (
        "conversation",
        "sliding_ttl_customers",
    ): "How many customers (a number, at any scale) keep one "
    "session for longer than the TTL without a pause as long. They prove that each turn renews the "
    "TTL.",
    (
        "conversation",
        "gaps_at_ttl",
    ): "Multiples of the TTL. When given, each pause between two turns "
    "is one of these, in equal shares, instead of a think time.",
    (
        "slo",
        "steady_p99_s",
    ): "Seconds: the 99th percentile of latency in the steady state, from the intended time.",
    ("slo", "fault_p99_s"): "Seconds: the same while a fault lasts.",
    ("slo", "recovery_p99_s"): "Seconds: the same in the 5 s after a fault.",
    ("slo", "warmup_p99_s"): "Seconds: the same in the warm-up.",
    ("slo", "recovery_s"): "Seconds from healing a fault until no more turns are disturbed than "
    "before it.",
    ("slo", "max_outage_s"): "Seconds: the longest time for which any one customer got no answer.",
    ("slo", "error_rate"): "The share of turns that may end without a reply after all retries.",
    ("slo", "generator_lag_p99_s"): "Seconds: a generator later than this makes the run "
    "INCONCLUSIVE.",
    (
        "slo",
        "memory_slack",
    ): "Redis memory may be this many times the memory that the live sessions explain.",
}
"""(section, key) -> what it means, with its unit."""
