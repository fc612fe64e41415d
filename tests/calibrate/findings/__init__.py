"""What public session services turn out to do: minimal reproductions, each a script."""
