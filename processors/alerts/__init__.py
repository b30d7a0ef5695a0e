"""Tells operators of what they must see to: an empty account, a broken contract, a provider that is down."""
