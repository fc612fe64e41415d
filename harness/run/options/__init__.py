"""The options of a run, each checked before anything starts, and the replay of a stored run."""
