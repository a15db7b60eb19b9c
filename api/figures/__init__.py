"""Resource: figures of the maintenance."""
