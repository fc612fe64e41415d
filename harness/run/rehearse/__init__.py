"""The rehearsal before the load: it refuses a service that always fails, and sizes the load."""
