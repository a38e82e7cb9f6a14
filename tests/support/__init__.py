"""Real servers and processes for the integration tests. Python's standard library only."""
