"""The planned load: arrivals and conversations, computed from a seed before the run."""
