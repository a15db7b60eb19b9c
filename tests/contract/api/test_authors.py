"""Requests are known in the history: by whom, why, and by which request."""
