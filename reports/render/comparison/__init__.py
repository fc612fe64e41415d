"""The comparison of two sides: terminal, page, Markdown, JUnit and JSON."""
