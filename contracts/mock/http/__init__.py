"""The mock as an HTTP server: socket, routing, authentication, rate limit, JSON and error responses."""
