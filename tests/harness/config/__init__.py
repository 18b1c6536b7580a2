"""Settings and access levels."""
