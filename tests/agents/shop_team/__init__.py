"""A coordinator that transfers to specialists."""
