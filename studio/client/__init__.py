"""A client of the platform's HTTP interface, as any other program would be: what the command line uses."""
