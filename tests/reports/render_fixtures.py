"""Result dicts as three real kinds of run leave them: GO, NO-GO and INCONCLUSIVE.

`python -m tests.reports.render_fixtures` writes them again to `fixtures/`.
"""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

from tests.reports.render_timeline import FAULTS, MIB, TTL, timeline

FIXTURES = Path(__file__).parent / "fixtures"


def _percentiles(count: int, p50: float, p99: float, worst: float) -> dict[str, float]:
    steps = {"p50": 0.0, "p90": 0.45, "p95": 0.6, "p99": 1.0}
    row = {name: round(p50 * (p99 / p50) ** step, 4) for name, step in steps.items()}
    row |= {"p999": round((p99 + 3 * worst) / 4, 4), "max": worst}
    row |= {"first_token_p50": round(p50 * 0.3, 4), "first_token_p99": round(p99 * 0.4, 4)}
    return {"count": count, **row}


def _gate(
    name: str,
    title: str,
    value: float | None,
    limit: float | None,
    unit: str,
    summary: str,
    phase: str = "run",
    status: str = "pass",
    evidence: tuple[str, ...] = (),
) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "phase": phase,
        "value": value,
        "limit": limit,
        "unit": unit,
        "status": status,
        "summary": summary,
        "evidence": list(evidence),
    }


_CONTINUITY = {
    "lost": "Turns lost",
    "duplicated": "Turns duplicated",
    "reordered": "Turns reordered",
    "truncated": "Histories truncated",
    "forked": "Histories forked",
    "half_turn": "Half-turns",
    "resurrected": "Sessions resurrected",
    "phantom": "Phantom turns",
    "leaked": "Turns leaked to another customer",
    "context_missed": "Replies without context",
}


def _gates() -> list[dict[str, Any]]:
    gates = [
        _gate(f"continuity.{key}", title, 0, 0, "turns", f"{title}: none of 4,071 turns.")
        for key, title in _CONTINUITY.items()
    ]
    gates.append(
        _gate("latency.steady_p99", "Latency in the steady state", 0.412, 0.8, "s",
              "99 % of 3,310 turns were answered within 412 ms.", "steady")
    )  # fmt: skip
    for fault in FAULTS:
        gates.append(
            _gate("latency.fault_p99", "Latency during a fault", fault[10], 3.0, "s",
                  f"99 % of the turns were answered within {fault[10]} s.", f"fault:{fault[0]}")
        )  # fmt: skip
        gates.append(
            _gate("recovery.time", "Recovery from a fault", fault[7], 5.0, "s",
                  f"The last disturbed turn ended {fault[7]} s after the fault began.",
                  f"fault:{fault[0]}")
        )  # fmt: skip
    gates += [
        _gate("latency.outage", "Longest outage of one customer", 2.02, 4.0, "s",
              "No customer waited longer than 2.02 s."),
        _gate("errors.rate", "Turns without an answer", 0.0022, 0.01, "share",
              "9 of 4,071 turns were not acknowledged."),
        _gate("memory.baseline", "Memory comes back after the TTL", 4.5 * MIB, 6.6 * MIB, "bytes",
              "Redis came back to 4.50 MiB."),
        _gate("memory.bounded", "Memory bounded by the TTL", 1.12, 1.5, "of the bound",
              "Memory never exceeded 1.12 times what the TTL window explains."),
        _gate("memory.ttl", "Keys without a TTL", 0, 0, "keys", "Every key had a TTL."),
        _gate("memory.evicted", "Keys evicted", 0, 0, "keys", "Nothing was evicted."),
        _gate("validity.generator", "The generator kept up", 0.0041, 0.05, "s",
              "Conversations started 4.1 ms late at most (p99)."),
        _gate("validity.arrivals", "The planned load was offered", 1012, 1012, "conversations",
              "All planned conversations were offered."),
        _gate("validity.faults", "Every planned fault took hold", 4, 4, "faults",
              "All 4 planned faults took hold."),
    ]  # fmt: skip
    return gates


ALLOWED = 40.71
"""One in a hundred of the turns may be unanswered, and one in a hundred slow."""


def _spending(failed: int, slow: int) -> dict[str, Any]:
    return {"failed": failed, "slow": slow, "spent": round(max(failed, slow) / ALLOWED, 4)}


def go() -> dict[str, Any]:
    """The default run against the reference service: everything holds."""
    seconds = timeline(random.Random(7), expires=True)
    latency = {
        "warmup": _percentiles(311, 0.101, 0.331, 0.46),
        "steady": _percentiles(3310, 0.142, 0.412, 0.713),
        "all": _percentiles(4062, 0.151, 1.31, 2.02),
    }
    for fault in FAULTS:
        latency[f"fault:{fault[0]}"] = _percentiles(
            60 + 11 * fault[8], 0.18, max(0.3, fault[10] * 0.98), fault[10]
        )
        latency[f"recovery:{fault[0]}"] = _percentiles(180 + fault[8], 0.15, 0.44, 0.69)
    bytes_known = [value for value in seconds["redis_bytes"] if value is not None]
    keys_known = [value for value in seconds["redis_keys"] if value is not None]
    return {
        "schema_version": 1,
        "run_id": "5f1c0a9be27d",
        "name": "20261122T133000Z-diwali-7",
        "started": "2026-11-22T13:30:00Z",
        "duration_s": 151.4,
        "verdict": "GO",
        "exit_code": 0,
        "headline": "Every one of 1,012 conversations survived 4 faults; "
        "p99 412 ms in steady state.",
        "reasons": [],
        "gates": _gates(),
        "turns": {
            "planned": 4071, "offered": 4071, "ok": 4062, "failed": 0, "indeterminate": 9,
            "retried": 97, "attempts": 4188, "conversations_planned": 1012,
            "conversations_offered": 1012, "replicas_seen": 12, "moved": 2787,
        },
        "continuity": {
            **dict.fromkeys(_CONTINUITY, 0), "conversations_audited": 1012,
            "turns_witnessed": 4062, "within_durability": 0,
        },
        "latency": latency,
        "faults": [
            {
                "id": f[0], "fault": f[1], "target": f[2], "start": f[3], "end": f[4],
                "took_hold": True, "recovered_at": f[5], "downtime_s": round(f[4] - f[3], 3),
                "first_ok_s": f[6], "recovery_s": f[7], "disturbed_turns": f[8],
                "failed_turns": f[9], "worst_outage_s": f[10], "error": None,
                "sent_to_dead": 4 if f[1] == "kill-replica" else 0,
                "budget": _spending(f[9], f[8] // 2),
            }
            for f in FAULTS
        ],
        "error_budget": {
            "failed_allowed": ALLOWED, "slow_allowed": ALLOWED, "slow_limit_s": 0.8,
            **_spending(9, 60),
        },
        "memory": {
            "baseline_bytes": round(4.21 * MIB), "peak_bytes": max(bytes_known),
            "final_bytes": bytes_known[-1], "peak_keys": max(keys_known),
            "final_keys": keys_known[-1], "expired_keys": 1012, "evicted_keys": 0,
            "keys_without_ttl_max": 0, "bytes_per_live_conversation": 46_900.0,
            "fleet_rss_baseline_bytes": 1590 * MIB, "fleet_rss_peak_bytes": 1650 * MIB,
            "fleet_rss_final_bytes": 1648 * MIB, "ttl_seconds": TTL,
            "forecast": _forecast(seconds),
        },
        "generator": {
            "lag_p50_s": 0.0008, "lag_p99_s": 0.0041, "lag_max_s": 0.019,
            "cpu_max_percent": 41.0, "foreign_cpu_percent": 2.5,
        },
        "environment": {
            "python": "3.11.2", "platform": "Linux-6.1-x86_64", "cores": 2,
            "memory_bytes": 8 * 1024 * MIB, "diya": "0.1.0",
            "versions": {"locust": "2.47.0", "google-adk": "2.13.0", "redis-py": "8.1.0"},
            "replicas": 12,
            "redis": {
                "name": "valkey", "version": "9.1.0", "allocator": "jemalloc-5.3.0",
                "topology": "single", "aof": "everysec",
            },
            "durability": "aof-everysec", "sessions": "redis",
            "model": "scripted, first token 60 ms, 120 tokens/s", "compression": 240.0,
        },
        "profile": {
            "name": "diwali", "duration_s": 105.0, "conversations": 1012, "think_median_s": 20.0,
            "slo": {
                "steady_p99_s": 0.8, "fault_p99_s": 3.0, "recovery_s": 5.0, "error_rate": 0.01,
                "max_outage_s": 4.0, "generator_lag_p99_s": 0.05, "memory_slack": 1.5,
            },
        },
        "experiment": {
            "title": "Replica and Redis restarts during the peak", "path": "diwali",
            "planned": [f[0] for f in FAULTS],
        },
        "seed": 7,
        "sizing": {
            "mode": "auto",
            "factor": 0.46,
            "cpu_s_per_turn": 0.0365,
            "cores": 2.0,
            "carries_turns_per_s": 54.8,
            "planned_peak_turns_per_s": 70.0,
            "peak_turns_per_s": 32.2,
            "turns": 121,
            "seconds": 2.2,
        },
        "reproduce": [
            "diya", "readiness", "--profile", "diwali", "--experiment", "diwali-default",
            "--seed", "7", "--replicas", "12", "--sessions", "redis",
        ],
        "timeline": seconds,
    }  # fmt: skip


HOSTILE = '<script>alert("x")</script> & | `rm` \x1b[31mred\x1b[0m \u202egnp.exe\x00 @everyone'


def no_go() -> dict[str, Any]:
    """A service that forgets turns and sets no TTL; its evidence quotes hostile text."""
    result = copy.deepcopy(go())
    result |= {
        "run_id": "0c55d1aa9e31",
        "name": "20261122T140212Z-diwali-11",
        "started": "2026-11-22T14:02:12Z",
        "verdict": "NO-GO",
        "exit_code": 99,
        "seed": 11,
        "reproduce": None,
        "sizing": None,
        "headline": "17 acknowledged turns were lost, 3 replies lacked context, and Redis kept "
        "312 keys that never expire.",
        "timeline": timeline(random.Random(11), expires=False),
    }
    result["continuity"] |= {"lost": 17, "context_missed": 3}
    _fail(
        result,
        "continuity.lost",
        17,
        "17 acknowledged turns were lost, the first in "
        "conversation 88, 0.6 s after kill-redis-1 began.",
        (
            *(
                f"conversation {88 + 3 * k} turn {k % 4} (id 7-{88 + 3 * k}-{k % 4}) acknowledged "
                f"at {84 + k / 8:.2f} s by r{k % 12 + 1:02d}, gone at {91 + k / 4:.2f} s; "
                f"fault kill-redis-1"
                for k in range(16)
            ),
            f"the session said: {HOSTILE}",
        ),
    )
    _fail(
        result,
        "continuity.context_missed",
        3,
        "3 replies show that the model was not shown an acknowledged turn.",
        ("conversation 91 turn 3: shown 2 of 4 messages by r05",),
    )
    _fail(
        result,
        "memory.ttl",
        312,
        "312 keys had no TTL, so abandoned sessions never expire.",
        ("at 110 s: 312 of 1,270 keys persistent",),
    )
    _fail(result, "memory.baseline", 57.8 * MIB, "57.8 MiB were still in use after the TTL of "
          "30 s; the limit is 6.60 MiB.")  # fmt: skip
    bytes_known = [value for value in result["timeline"]["redis_bytes"] if value is not None]
    keys_known = [value for value in result["timeline"]["redis_keys"] if value is not None]
    result["memory"] |= {
        "peak_bytes": max(bytes_known),
        "final_bytes": bytes_known[-1],
        "peak_keys": max(keys_known),
        "final_keys": keys_known[-1],
        "expired_keys": 0,
        "keys_without_ttl_max": 312,
        "forecast": _forecast(result["timeline"]),
    }
    for gate in result["gates"]:
        if gate["name"] == "recovery.time" and gate["phase"] == "fault:kill-redis-1":
            gate |= {"status": "unknown", "value": None}
            gate["summary"] = "No turn was sent while kill-redis-1 lasted."
    order = {"fail": 0, "unknown": 1}
    worst = sorted(
        (gate for gate in result["gates"] if gate["status"] != "pass"),
        key=lambda gate: order[gate["status"]],
    )
    result["reasons"] = [gate["summary"] for gate in worst]
    result["faults"][3] |= {"recovered_at": None, "recovery_s": None, "failed_turns": 4}
    result["timeline"]["faults"][3]["recovered_at"] = None
    for t in range(85, 88):
        result["timeline"]["turns_failed"][t] = 4
    return result


def _fail(
    result: dict[str, Any],
    name: str,
    value: float,
    summary: str,
    evidence: tuple[str, ...] = (),
) -> None:
    gate = next(gate for gate in result["gates"] if gate["name"] == name)
    gate |= {"status": "fail", "value": value, "summary": summary, "evidence": list(evidence)}


def inconclusive() -> dict[str, Any]:
    """A run that was killed before its first turn: nulls and empty tables everywhere."""
    result = copy.deepcopy(go())
    result |= {
        "run_id": "aa01b2c3d4e5",
        "name": "20261122T150500Z-diwali-3",
        "started": "2026-11-22T15:05:00Z",
        "duration_s": 2.2,
        "verdict": "INCONCLUSIVE",
        "exit_code": 75,
        "seed": 3,
        "headline": "The run ended before a single turn was offered.",
        "reasons": ["The load never started: the run was interrupted."],
        "latency": {},
        "faults": [],
        "experiment": None,
    }
    for gate in result["gates"]:
        gate |= {"status": "unknown", "value": None, "summary": "No turn was recorded."}
    result["gates"] = [gate for gate in result["gates"] if ":" not in gate["phase"]]
    for section in ("turns", "continuity"):
        result[section] = dict.fromkeys(result[section], 0)
    for section in ("memory", "generator"):
        result[section] = dict.fromkeys(result[section])
    result["memory"]["ttl_seconds"] = TTL
    lists: dict[str, list[Any]] = {
        name: [] for name, value in result["timeline"].items() if isinstance(value, list)
    }
    result["timeline"] = {"step_s": 1.0, "load_start": None, "load_end": None, **lists}
    return result


def _forecast(line: dict[str, Any]) -> dict[str, float]:
    predicted, measured = (
        max(value for value in line[name] if value is not None)
        for name in ("redis_forecast_bytes", "redis_bytes")
    )
    return {
        "predicted_peak_bytes": predicted,
        "measured_peak_bytes": measured,
        "error": round(predicted / measured - 1, 4),
    }


ALL = {"go": go, "no_go": no_go, "inconclusive": inconclusive}


def dump(result: dict[str, Any]) -> str:
    """The text of a fixture file."""
    return json.dumps(result, ensure_ascii=True, separators=(",", ":"), sort_keys=True) + "\n"


def main() -> None:
    """Write every fixture."""
    for name, make in ALL.items():
        (FIXTURES / f"{name}.json").write_text(dump(make()))


if __name__ == "__main__":
    main()
