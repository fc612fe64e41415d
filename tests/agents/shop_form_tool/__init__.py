"""An answer in a schema, after a tool."""
