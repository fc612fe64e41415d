"""Calibration: known-bad systems must be convicted of their class, known-good ones acquitted."""
