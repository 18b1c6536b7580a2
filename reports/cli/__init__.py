"""Commands on the last run: `make accept` and `make issue`."""
