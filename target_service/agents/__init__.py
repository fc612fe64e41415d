"""Agents in the layout that ADK's loader expects: one folder each."""
