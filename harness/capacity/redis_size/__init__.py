"""Redis at its real size: filled with this many sessions, measured, and lines through the points.

`measure.measure` is the entry.
"""
