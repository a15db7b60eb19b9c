"""Who hears how far long work is."""

from collections.abc import Callable

Told = Callable[[int], None]
"""Hears how many of many are done."""


def nobody(_done: int) -> None:
    """Nobody hears it."""
