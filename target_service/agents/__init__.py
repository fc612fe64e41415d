"""Agents in the layout of ADK's loader: one folder each."""
