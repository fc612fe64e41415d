"""The runs of a folder in the order of their starts, by set-up, with hints on changes."""
