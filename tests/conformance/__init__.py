"""One test per requirement, run against a target for every operation that it applies to."""
