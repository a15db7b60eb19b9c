"""Real servers for the tests: found or made, started on free ports in temporary folders, stopped at the end."""
