"""Readers and sanitizers for untrusted input: files, JSON, YAML and texts from outside, each within bounds."""
