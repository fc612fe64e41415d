"""The judge of continuity against a model of its own: correct services, and harm done to them."""
