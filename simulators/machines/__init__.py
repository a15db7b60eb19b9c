"""One small module of physics per equipment class, and the table that finds them by class key."""

from simulators.machines.registry import MACHINES, Machine

__all__ = ["MACHINES", "Machine"]
