"""Proofs under kill: exactly-once turns, shown on real processes (`make prove-turns`)."""
