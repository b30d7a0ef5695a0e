"""The outside: everything that speaks another system's wire, handed in by the composition roots."""
