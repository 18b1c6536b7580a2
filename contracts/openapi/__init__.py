"""The OpenAPI document as operations: loaded, resolved, and split into what is stated and what is inferred."""
