"""Faults of pods in somebody's Kubernetes cluster; nothing is created there, and nothing removed.

    selection  which pods: `kubernetes:NAMESPACE/SELECTOR`
    api        requests to the API server, by the user's kubeconfig or a pod's service account
    cluster    the requests that diya makes: pods, their controllers, their endpoints, their zones
    objects    the answers, as far as diya reads them
    pod_node   one place of the fleet, and the pod that fills it now
    pod_fleet  all places, and their controllers
    redis_pod  the one pod of Redis
    system     the system under test: a target whose replicas are pods
    undo       the process that restores the number of pods when the harness has died

`kr8s` is an extra (`diya[kubernetes]`), imported only when a cluster is asked.
"""
