"""Tests that run the suite as its users do: in a pytest process of its own, against a server on this machine."""
