"""What to send: named edits of an accepted request, and Hypothesis strategies over an operation's schema."""
