"""The answer sheet of a capacity run: terminal, Markdown and page, all from `answer.json`."""
