"""What happened: event models, state and `evolve` of every context, and the log that holds them."""
