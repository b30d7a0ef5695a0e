"""The signer: computes every chain again, and signs its head."""
