"""From the broker to a durable spool, acknowledged only then."""
