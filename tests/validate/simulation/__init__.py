"""The simulator against real runs that it was not fitted to; predictions are made first."""
