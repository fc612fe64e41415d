"""Agents as users write them: each calls a real model's API, and knows nothing of diya.

The good ones have the shapes that ADK offers; the guilty ones lose context on their own.  `shapes`
says what each of them is.
"""
