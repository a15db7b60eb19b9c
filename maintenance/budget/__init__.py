"""What maintenance is to cost, costs, and will cost."""
