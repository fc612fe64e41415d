"""Tests of the room `harness/capacity`."""
