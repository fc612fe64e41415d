"""The load balancer's configuration, as data.

Round robin without affinity.  A request is sent again only when no connection could be made, so
Envoy itself never makes a turn happen twice.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from chaos.fleet.ports import LOOPBACK

CLUSTER = "replicas"

_TYPE = "type.googleapis.com/envoy"
_MANY = 100_000
_ROUTE_TIMEOUT = "30s"
_HEALTH_INTERVAL = "0.5s"
_NAMES_INTERVAL = "0.5s"

Where = int | tuple[str, int]
"""A port on the loopback interface, or a host and a port; a name stands for all its addresses."""


def config(
    port: int,
    admin_port: int,
    replicas: Mapping[str, Where],
    *,
    host: str = LOOPBACK,
    health_path: str = "/readyz",
) -> dict[str, Any]:
    """The whole configuration; it listens on `host`."""
    return {
        "admin": {
            "address": _address((host, admin_port)),
            # Read-only: the admin interface could also make the balancer quit.
            "allow_paths": [{"prefix": "/clusters"}, {"prefix": "/stats"}, {"exact": "/ready"}],
        },
        "static_resources": {
            "listeners": [_listener((host, port))],
            "clusters": [_cluster(replicas, health_path)],
        },
    }


def _address(where: Where) -> dict[str, Any]:
    host, port = where if isinstance(where, tuple) else (LOOPBACK, where)
    return {"socket_address": {"address": host, "port_value": port}}


def _listener(where: Where) -> dict[str, Any]:
    manager = {
        "@type": f"{_TYPE}.extensions.filters.network.http_connection_manager.v3."
        "HttpConnectionManager",
        "stat_prefix": "front",
        "generate_request_id": False,
        "server_header_transformation": "PASS_THROUGH",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "service",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": _route()}],
                }
            ]
        },
        "local_reply_config": {"mappers": [_NEVER_SENT]},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_TYPE}.extensions.filters.http.router.v3.Router"},
            }
        ],
    }
    return {
        "name": "front",
        "address": _address(where),
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": manager,
                    }
                ]
            }
        ],
    }


def _route() -> dict[str, Any]:
    return {
        "cluster": CLUSTER,
        "timeout": _ROUTE_TIMEOUT,
        "retry_policy": {
            "retry_on": "connect-failure",
            "num_retries": 3,
            "retry_host_predicate": [
                {
                    "name": "envoy.retry_host_predicates.previous_hosts",
                    "typed_config": {
                        "@type": f"{_TYPE}.extensions.retry.host.previous_hosts.v3."
                        "PreviousHostsPredicate"
                    },
                }
            ],
            "host_selection_retry_max_attempts": 5,
        },
    }


# No replica to send to (UH), or no connection to any that was tried (UF): the request was not sent,
# and the client may be told.  After a connection was made nothing is promised.
_NEVER_SENT: dict[str, Any] = {
    "filter": {"response_flag_filter": {"flags": ["UH", "UF"]}},
    "headers_to_add": [
        {
            "header": {"key": "x-diya-outcome", "value": "not-run"},
            "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
        }
    ],
}


def _discovery(replicas: Mapping[str, Where]) -> dict[str, Any]:
    if all(_is_address(where) for where in replicas.values()):
        return {"type": "STATIC"}
    # Containers come back with other addresses, and leave the name's records when they end.
    return {
        "cluster_type": {
            "name": "envoy.clusters.dns",
            "typed_config": {
                "@type": f"{_TYPE}.extensions.clusters.dns.v3.DnsCluster",
                "dns_refresh_rate": _NAMES_INTERVAL,
                "dns_lookup_family": "V4_ONLY",
                # Every address is a replica that is asked for its health and drained by itself.
                "all_addresses_in_single_endpoint": False,
            },
        }
    }


def _is_address(where: Where) -> bool:
    try:
        return isinstance(where, int) or bool(ipaddress.ip_address(where[0]))
    except ValueError:
        return False


def _cluster(replicas: Mapping[str, Where], health_path: str) -> dict[str, Any]:
    return {
        "name": CLUSTER,
        **_discovery(replicas),
        "connect_timeout": "1s",
        "lb_policy": "ROUND_ROBIN",
        "common_lb_config": {
            "healthy_panic_threshold": {"value": 0},
            # By default a change of health reaches the workers up to 1 s late, which is nearly all
            # the time that a draining replica has, and later than /clusters says.
            "update_merge_window": "0s",
        },
        "load_assignment": {
            "cluster_name": CLUSTER,
            "endpoints": [
                {
                    "lb_endpoints": [
                        {"endpoint": {"address": _address(where)}} for where in replicas.values()
                    ]
                }
            ],
        },
        "health_checks": [
            {
                "http_health_check": {"path": health_path},
                "interval": _HEALTH_INTERVAL,
                "no_traffic_interval": _HEALTH_INTERVAL,
                "no_traffic_healthy_interval": _HEALTH_INTERVAL,
                "timeout": "2s",
                # A 503 counts at once; this is for answers that do not come.
                "unhealthy_threshold": 3,
                "healthy_threshold": 1,
                # Not all replicas in the same instant, twice a second, on two cores.
                "initial_jitter": "0.4s",
            }
        ],
        # The defaults (1024, and 3 retries at a time) would refuse requests under load.
        "circuit_breakers": {
            "thresholds": [
                {
                    "max_connections": _MANY,
                    "max_pending_requests": _MANY,
                    "max_requests": _MANY,
                    "max_retries": _MANY,
                }
            ]
        },
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{_TYPE}.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http_protocol_options": {}},
                # Shorter than the replicas' keep-alive, so that they never close first.
                "common_http_protocol_options": {"idle_timeout": "30s"},
            }
        },
    }
