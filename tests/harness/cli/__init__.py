"""Commands beside a run: `make doctor` and `make clean-up`."""
