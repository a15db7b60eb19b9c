"""Figures of the maintenance: compliance, failures, repairs, availability, precision, cost. docs/reports.md."""
