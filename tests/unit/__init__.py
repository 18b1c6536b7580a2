"""The unit tests of the suite itself."""
