"""The contract, served: an HTTP server that does what the OpenAPI document says, and nothing that it does not say."""
