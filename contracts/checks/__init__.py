"""Checks: pure functions that compare exchanges with one requirement each. No I/O, no clock, no state."""
