"""The readiness run: its plan, rehearsal, load, faults and samples, up to its complete records."""
