"""Redis at its real size: filled with so many sessions, measured, and lines through the points.

`measure.measure` is the entry.
"""
