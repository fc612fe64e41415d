"""Which model answers in a run: its options, its quota, its forecast, and the calls made to it."""
