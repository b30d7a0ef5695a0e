"""The command line, the settings, the composition roots and the local platform."""
