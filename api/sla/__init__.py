"""Resource: SLA policies, and how the clocks were kept."""
