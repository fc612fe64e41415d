"""The files of the shapes of Redis; `chaos.fleet.shapes` is their table."""
