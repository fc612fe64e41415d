"""A small API server of Kubernetes for tests, whose pods are real processes; no cluster is there.

It keeps objects as the public schemas say, with resource versions, watches, conflicts (409), lists
that expire (410), grace periods and three kinds of patches.  A few lines each play the controllers
of Deployments, ReplicaSets, StatefulSets and EndpointSlices, and the kubelet.
"""
