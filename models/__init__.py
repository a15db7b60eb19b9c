"""Condition models: what is normal for one machine, and findings when it is not."""
