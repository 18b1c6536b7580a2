"""What tests of the suite share: factories, documents, servers of a few lines, the suite in a process of its own."""
