"""The report of a run, its comparison with earlier runs, known issues, and the quality gate."""
