"""The four embedded servers: how each is prepared, started and seen to be ready."""
