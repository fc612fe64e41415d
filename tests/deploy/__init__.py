"""The files of deploy/, checked by the linters of the tools that read them."""
