"""Reports: from the recorded history of a run to a verdict, by pure functions.

The one-way road through this room, folder by folder: `records` (what was recorded, and its reading)
→ `measures` (numbers) → `checks` (numbers against limits: findings) → `diagnosis` (why a gate
failed) → `verdict` (result.json) → `render` (terminal, html, junit, summary).  A folder imports
those before it; all may import `gates`, the table of the questions, and `basics`, which `chaos`,
`loadtests` and `harness` share.  Nothing here starts a process or talks to a network.
"""
