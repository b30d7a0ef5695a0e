"""Sweepers: what nobody finishes is finished, from the log's present state and a clock."""
