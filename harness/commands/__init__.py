"""The subcommands of `diya`, a file for each, named after it."""
