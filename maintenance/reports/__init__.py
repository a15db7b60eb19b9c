"""Reports that are handed to others: the month for the owners, the pack for an inspector. docs/reports.md."""
