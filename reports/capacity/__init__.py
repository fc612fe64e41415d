"""Capacity: the findings of a capacity run, the judgement of its probes, and the answer sheet."""
