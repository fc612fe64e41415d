"""What a person, or a CI server, sees of a result: terminal, page, summary, JUnit."""
