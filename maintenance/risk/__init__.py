"""The risk of each machine: how likely it fails and what that would mean, and early-warning reports."""
