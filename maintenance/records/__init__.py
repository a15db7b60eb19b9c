"""The sealed history and the frozen records of statutory work."""
