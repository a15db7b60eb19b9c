"""Simulated buildings, and replay of recorded ones. Shares only the wire format with the rest of the product."""
