"""Simulated nights: a large API is tested with a budget, night after night, by runs that share one history."""
