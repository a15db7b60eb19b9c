"""Plan table, work orders, episodes and tickets."""
