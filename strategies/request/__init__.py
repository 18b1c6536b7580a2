"""Mutations of method, path, query and headers."""
