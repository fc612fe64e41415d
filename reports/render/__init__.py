"""Renders a result for people and CI servers: terminal, page, summary, JUnit."""
