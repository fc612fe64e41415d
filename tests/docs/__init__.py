"""The documentation: its pages, its commands, its examples and its site."""
