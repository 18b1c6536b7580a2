"""Immutable values that travel through the suite: requests, responses, verdicts."""
