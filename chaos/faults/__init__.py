"""The faults: one small class each, its parameters as fields.  `noop` is the example to read."""
