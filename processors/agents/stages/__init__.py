"""The agents: each is told something, asks its model, and makes something of the answer."""
