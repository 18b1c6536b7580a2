"""Mutations of the request body."""
