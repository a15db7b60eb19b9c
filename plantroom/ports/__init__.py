"""What the parts of the house ask of each other."""
