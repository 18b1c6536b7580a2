"""The HTTP client: transport, deadlines, retries, decoding, proxies."""
