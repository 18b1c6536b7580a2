"""The pytest plugin that writes reports: the only package of the reports that knows the harness."""
