"""The implementation of the pytest plugin: its settings, its fixture and its expectations."""
