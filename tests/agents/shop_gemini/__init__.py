"""Gemini with a tool."""
