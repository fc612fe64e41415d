"""The simulator: discrete events, pure functions of a profile, a seed and a calibration.

It plays the planned arrivals and conversations of a load against a model of the service: replicas,
load balancer, scripted model and Redis, with faults.  No service runs, so its results say what the
calibration implies, and are evidence of nothing else.
"""
