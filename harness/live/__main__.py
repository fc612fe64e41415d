"""Starts the process: `python -m harness.live`."""

from harness.live.process import main

if __name__ == "__main__":
    main()
