"""Options of a target whose replicas are pods of a Kubernetes cluster."""

from __future__ import annotations

import argparse


def pods(parser: argparse.ArgumentParser) -> None:
    """Which pods serve the target, and which one is its Redis."""
    parser.add_argument(
        "--fleet",
        metavar="kubernetes:NAMESPACE/SELECTOR",
        help="the pods that serve the --target, as kubernetes:staging/app=agent: with "
        "--break-target they get the catalogue's faults of replicas; needs diya[kubernetes]",
    )
    parser.add_argument(
        "--redis-fleet",
        metavar="kubernetes:NAMESPACE/SELECTOR",
        help="the one pod of the Redis at --redis: it gets kill-redis and restart-redis",
    )
    parser.add_argument(
        "--kube-context",
        metavar="NAME",
        help="the context of the kubeconfig (default: the current one, or the service account of "
        "the pod that diya runs in)",
    )
