"""What models answer, read: JSON however it is wrapped, broken or not written to its end. Nothing here raises."""
