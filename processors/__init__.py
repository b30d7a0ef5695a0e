"""Who acts: runners, and the rooms that run on them."""
