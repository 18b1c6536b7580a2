"""The parts of every strategy: mutations, locations in a body, sample values, formats."""
