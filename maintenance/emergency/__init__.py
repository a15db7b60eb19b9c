"""Emergency plans: what to do, with what and by whom, and how often it is drilled."""
