"""The reference pages of `docs/reference`, generated from the code (`make docs`).

A test compares each committed page with the generated one.
"""
