"""The HTTP interface: a folder per resource, each with its endpoints and their shapes."""
