"""Catalog: the models of every provider, as files, and their loader."""
