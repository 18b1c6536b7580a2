"""Readers and sanitizers for untrusted files, JSON, YAML, settings and texts, each within bounds."""
