"""What lies in deploy/, by the linters of those who read it."""
