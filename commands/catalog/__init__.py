"""Catalog: what may be asked about models and providers."""
