"""The run of one operation: requests, controls, jobs, and the resources it creates."""
