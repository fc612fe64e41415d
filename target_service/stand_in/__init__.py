"""A stand-in for the model: a server that speaks its API, so that an agent needs no change.

It runs in a process of its own and imports neither ADK nor google-genai.
"""
