"""The page of the mock for people: operations, values and curl commands."""
