"""What models are told of a session, and what the agents say in it."""
