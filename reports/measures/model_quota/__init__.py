"""The quota of the model: public tiers, what a run needed of it, and what it was allowed."""
