"""Faults between the suite and its target, and the verdict and exit code that each of them must lead to."""
