"""The runner of projections."""
