"""Servers written as their frameworks teach, and what the suite finds of them: `make frameworks`."""
