"""Language models as a provider of text."""
