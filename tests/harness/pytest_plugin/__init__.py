"""The pytest plugin: options, collection, outcomes, workers, exit code."""
