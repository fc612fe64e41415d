"""Plays a load with Locust: its master and workers, their statistics and records."""
