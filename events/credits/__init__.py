"""Credits: a double-entry ledger per organisation, chained by hashes."""
