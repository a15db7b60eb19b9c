"""Tables in and out: assets, points, plan table, emergency plans, users, in Excel and CSV (docs/imports.md)."""
