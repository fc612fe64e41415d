"""Plays a load: Locust, its master and workers, and what they count and record."""
