"""The keeper of persons' keys: what is sealed can be forgotten."""
