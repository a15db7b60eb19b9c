"""SLA clocks of repair tickets: policies, words, clocks, escalation. What decides is pure (docs/sla.md)."""
