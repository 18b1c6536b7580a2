"""What changed for a client between a contract and the document that its vendor publishes now."""
