"""Reports: from the recorded history of a run to a verdict, by pure functions.

The data flows one way, folder by folder: `records` (the records and their reading) → `measures`
(numbers) → `checks` (numbers against limits: findings) → `diagnosis` (why a gate failed) →
`verdict` (result.json) → `render` (terminal, html, junit, summary).  A folder imports only earlier
ones; all may import `gates`, the table of gates, and `basics`, which `chaos`, `loadtests` and
`harness` share.  Nothing here starts a process or uses a network.
"""
