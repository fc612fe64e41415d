"""The known-bad and the known-good systems, and the right verdict on each."""

from __future__ import annotations

from tests.calibrate import unmodified
from tests.calibrate.system import HERE, System


def _defect(name: str) -> str:
    return f"tests.defects.{name}:factory"


def _with_agent(name: str, what: str) -> System:
    """A good system with an agent of this folder in the place of ShopMax's."""
    options = ("--agent", str(HERE / "agents" / name), "--model", "own")
    return System(name, what, "redis", None, experiment="one-kill.yaml", options=options)


# Turns of about 0.7 s: an impatient app asks again meanwhile, and a kill hits some in their middle.
_SLOW_MODEL = {"DIYA_MODEL_TTFT_MS": "350"}

BAD = (
    System(
        "memory-sessions",
        "each replica keeps its sessions to itself",
        "memory",
        "continuity.lost",
    ),
    System(
        "stale-cache",
        "a cache in the replica that nothing validates",
        _defect("stale_cache"),
        "continuity.context_missed",
    ),
    System(
        "ack-early",
        "acknowledges a turn before it is written",
        _defect("ack_early"),
        "continuity.lost",
        experiment="kills.yaml",
    ),
    System(
        "ack-early-redis",
        "the same, and it is Redis that is killed",
        _defect("ack_early"),
        "continuity.lost",
        profile="long",
        experiment="redis-kills.yaml",
        env=_SLOW_MODEL,
    ),
    System(
        "ttl-once",
        "the TTL runs from the creation and is never refreshed",
        _defect("ttl_once"),
        "continuity.lost",
    ),
    System(
        "ttl-on-one-key",
        "one of a session's two keys has no TTL",
        _defect("ttl_on_one_key"),
        "memory.ttl",
    ),
    System("no-ttl", "no key ever expires", _defect("no_ttl"), "memory.ttl"),
    System(
        "blind-retry",
        "a turn asked for again is run again",
        _defect("blind_retry"),
        "continuity.duplicated",
        profile="impatient",
        env=_SLOW_MODEL,
    ),
    System(
        "shared-state",
        "sessions of different customers share a list",
        _defect("shared_state"),
        "continuity.leaked",
    ),
    System(
        "half-turns",
        "a turn's events are written one by one, and replicas are killed",
        _defect("no_guard"),
        "continuity.half_turn",
        profile="long",
        experiment="many-kills.yaml",
        env=_SLOW_MODEL,
    ),
    System(
        "torn-append",
        "an append is two calls to Redis, and replicas are killed between them",
        _defect("torn_append"),
        "continuity.lost",
        experiment="kills.yaml",
    ),
    System(
        "no-persistence",
        "ours on a Redis without persistence, which is killed",
        "redis",
        "continuity.lost",
        experiment="smoke",
        options=("--aof", "off"),
    ),
    System(
        "eviction",
        "ours on a full Redis that forgets the least recently used (volatile-lru)",
        "redis",
        "continuity.lost",
        experiment="evict.yaml",
    ),
    System(
        "empty-primary",
        "ours on a Sentinel set without persistence, whose killed primary is back at once",
        "redis",
        "continuity.lost",
        experiment="empty-primary.yaml",
        options=("--topology", "sentinel", "--aof", "off"),
    ),
    System(
        "long-timeout",
        "waits ten seconds for Redis, and stays with a primary that is frozen (Sentinel)",
        _defect("long_timeout"),
        "continuity.lost",
        profile="lasting",
        experiment="frozen-primary.yaml",
        options=("--topology", "sentinel", "--min-replicas", "0"),
        env=_SLOW_MODEL,
    ),
    System(
        "split-brain",
        "ours on a Sentinel set without min-replicas-to-write, whose primary is cut off",
        "redis",
        "continuity.lost",
        profile="long",
        experiment="split.yaml",
        options=("--topology", "sentinel", "--min-replicas", "0"),
    ),
    System(
        "adk-redis",
        "google-adk 2.13's own Redis service, as it is, under kills of replicas",
        "adk-redis",
        "continuity.half_turn",
        profile="long",
        experiment="many-kills.yaml",
        env=_SLOW_MODEL,
    ),
    System(
        "community-redis",
        "google-adk-community 0.5's Redis service, as it is, under kills of replicas",
        _defect("community"),
        "continuity.half_turn",
        profile="long",
        experiment="many-kills.yaml",
        env=_SLOW_MODEL,
        beside=("DIYA_COMMUNITY_PYTHON", "google-adk-community==0.5.0"),
    ),
    System(
        "ttl-short",
        "sessions expire after half of the TTL that was declared",
        "tests.defects.ttl_wrong:short",
        "continuity.lost",
        profile="returning",
    ),
    System(
        "ttl-long",
        "sessions live for three times the TTL that was declared",
        "tests.defects.ttl_wrong:long",
        "continuity.resurrected",
        profile="returning",
    ),
    System(
        "steps-twice",
        "the result of a tool is stored twice",
        _defect("steps_twice"),
        "continuity.steps",
    ),
    System(
        "wrong-reply",
        "now and then a customer gets the reply to another customer, under the right metadata",
        _defect("wrong_reply"),
        "continuity.reply",
    ),
    System(
        "slow-leak",
        "each turn leaves 480 bytes behind for a day",
        _defect("slow_leak"),
        "memory.baseline",
        profile="many",
    ),
    System(
        "deletes-fail",
        "no session can be deleted",
        _defect("deletes_fail"),
        "errors.deletes",
    ),
    System(
        "calm-retries",
        "three of ten reads fail while nothing is broken, and customers ask again",
        _defect("calm_retries"),
        "errors.retries",
    ),
    System(
        "dead-shard",
        "every eightieth session lies on a shard that answers late",
        _defect("dead_shard"),
        "latency.customers",
        profile="shard",
        options=("--scale", "1"),  # a small shard needs many customers
    ),
    System(
        "sticky-balancer",
        "ours, behind a balancer that sends each customer always to the same replica",
        "redis",
        "validity.spread",
        sticky=True,
    ),
)

GOOD = (
    System("ours", "ours, nothing breaks", "redis", None),
    System(
        "ours-impatient",
        "ours, while apps ask again too early",
        "redis",
        None,
        profile="impatient",
        env=_SLOW_MODEL,
    ),
    System("ours-one-kill", "ours, a replica is killed", "redis", None, experiment="one-kill.yaml"),
    System(
        "ours-kills",
        "ours, replicas are killed",
        "redis",
        None,
        profile="long",
        experiment="kills.yaml",
    ),
    System(
        "ours-two-kills",
        "ours on one Redis with AOF, a replica and Redis are killed",
        "redis",
        None,
        experiment="smoke",
    ),
    System(
        "ours-redis-kills",
        "ours on one Redis with AOF, which is killed again and again",
        "redis",
        None,
        profile="long",
        experiment="redis-kills.yaml",
        env=_SLOW_MODEL,
    ),
    System(
        "ours-rolling",
        "ours, every replica is restarted in turn",
        "redis",
        None,
        profile="long",
        experiment="rolling.yaml",
    ),
    System(
        "ours-zone-loss",
        "ours, every third replica dies at once",
        "redis",
        None,
        experiment="zone-loss",
    ),
    System(
        "ours-brownout",
        "ours, the model is ten times slower, and then fails every second time",
        "redis",
        None,
        experiment="model-brownout",
    ),
    System(
        "ours-sentinel",
        "ours on a Sentinel set, replicas are killed",
        "redis",
        None,
        profile="long",  # on a busy machine a killed replica is not back for ten seconds
        experiment="kills.yaml",
        options=("--topology", "sentinel"),
    ),
    System(
        "ours-failover",
        "ours on a Sentinel set, the primary is killed and another one takes over",
        "redis",
        None,
        experiment="redis-failover",
        options=("--topology", "sentinel"),
    ),
    System(
        "ours-frozen-primary",
        "ours on a Sentinel set, the primary is frozen for longer than a failover takes",
        "redis",
        None,
        profile="lasting",
        experiment="frozen-primary.yaml",
        options=("--topology", "sentinel"),
        env=_SLOW_MODEL,
    ),
    System(
        "ours-cluster",
        "ours on a cluster of 3 + 3, replicas are killed",
        "redis",
        None,
        profile="long",  # on a busy machine a killed replica is not back for ten seconds
        experiment="kills.yaml",
        options=("--topology", "cluster"),
    ),
    System(
        "greeting",
        "a session begins with a greeting that belongs to no turn",
        "tests.calibrate.greeting:factory",
        None,
    ),
    System(
        "ours-returning",
        "ours, while customers come back around the TTL",
        "redis",
        None,
        profile="returning",
    ),
    System(
        "shared-redis",
        "ours in a Redis that holds other people's keys, while a replica is killed",
        "redis",
        None,
        experiment="one-kill.yaml",
        shared_redis=True,
    ),
    _with_agent(
        "redacting", "ours, under an agent whose plugin redacts messages before they are stored"
    ),
    _with_agent("looping", "ours, under an agent that says the same words three times in a turn"),
)

SYSTEMS = BAD + unmodified.BAD + GOOD + unmodified.GOOD
BY_NAME = {system.name: system for system in SYSTEMS}
