"""Resource: figures of the work: repeated repairs, satisfaction, cost booked."""
