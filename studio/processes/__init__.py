"""The composition roots: one module a role, and the main that runs several roles in one event loop."""
