"""A run and its findings in words: terminal, Markdown, HTML details, curl."""
