"""Reports: from the recorded history of a run to a verdict, by pure functions.

The one-way road through this room: `records` (what was recorded) → `history` (a run directory,
read) → `checks` (findings) → `verdict` → `result` (result.json) → renderers (terminal, html,
junit, summary).  Nothing here starts a process or talks to a network.
"""
