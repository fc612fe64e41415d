"""An answer in a schema."""
