"""The target's rate limit: observed in its responses, and respected by all processes together."""
