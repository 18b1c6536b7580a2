"""What every strategy is built of: mutations, places in a body, sample values, formats."""
