"""The README's page for other repositories, done as it says with an installed suite."""
