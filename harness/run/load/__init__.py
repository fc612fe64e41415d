"""The processes that play the load, from their start to the account of what they have played."""
