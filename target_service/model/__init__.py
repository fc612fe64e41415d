"""The scripted model: what it says, how long it takes, and the witness that it bears."""
