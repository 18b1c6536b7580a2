"""What the mock does for each kind of operation: writes, job status, listings."""
