"""What `make bench` runs: the figures of the README, printed with what they were measured against."""
