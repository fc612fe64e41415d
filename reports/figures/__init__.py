"""Figures of an answer: a value with its unit, its interval and its origin; and least squares."""
