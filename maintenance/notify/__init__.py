"""Notification channels: who is told, in which words, by which way, until it has arrived (docs/notifications.md)."""
