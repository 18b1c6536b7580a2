"""Settings, target, client, allowance and evidence: what every conformance test stands on."""
