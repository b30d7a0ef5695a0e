"""The platform on one machine: embedded servers, their supervision and the packing of processes."""
