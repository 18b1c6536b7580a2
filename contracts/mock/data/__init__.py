"""What the mock stores: tokens, known values, records, jobs, and example values."""
