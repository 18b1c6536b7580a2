"""Output that can fail: files that are replaced as a whole, and lines that commands print."""
