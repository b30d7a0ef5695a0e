"""How 3D objects are built."""
