"""Any moment of a plan or a session, and what it would be to go on from there."""
