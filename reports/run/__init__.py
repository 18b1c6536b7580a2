"""What a run came to, gathered once for all reports, and compared with earlier runs."""
