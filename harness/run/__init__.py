"""The readiness run: its plan, rehearsal, load, faults and samples, up to its complete records.

`read_plan` makes a `plan` from the options, `play` plays it, and `watch` follows it to its end.
The rooms: `options` and `model` are checked before anything starts; `rehearse` sizes the load that
the processes of `load` play at a fleet or at a `target`; meanwhile `sampling` measures and `marks`
takes note of faults that other tools do.  All is written into the run's `directory`.
"""
