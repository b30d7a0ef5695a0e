"""From steps to what can run: feasible, each with a model, its input as that model's schema wants it. Pure."""
