"""The verdict: from findings to GO, NO-GO or INCONCLUSIVE, and to `result.json`."""
