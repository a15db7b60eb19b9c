"""Resource: health."""
