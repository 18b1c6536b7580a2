"""The target's rate limit, observed and kept, across processes."""
