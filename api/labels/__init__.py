"""Resource: labels of assets."""
