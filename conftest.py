"""Registers the two pytest plugins of the suite: its hooks run first where it is listed last."""

pytest_plugins = ["reports.pytest_plugin.plugin", "tests.harness.pytest_plugin.plugin"]
