"""Catalog: what may be asked about models, providers and prompts."""
