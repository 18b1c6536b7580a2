"""Requests to send: named mutations of an accepted request, and Hypothesis strategies for an operation's schema."""
