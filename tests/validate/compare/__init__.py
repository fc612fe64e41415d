"""The proof of `diya compare`: recorded runs, planted changes, and the share of wrong words."""
