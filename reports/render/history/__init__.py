"""The history of a folder's runs: terminal, page and `history.json`."""
