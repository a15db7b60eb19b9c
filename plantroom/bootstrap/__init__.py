"""The only place that wires: which implementation stands behind which port, and what runs in which role."""
