"""Catalog: models, providers and prompts that every process keeps a copy of."""
