"""From a person's sentence to a checked, executable plan: parser, validator, selector, field verifier, planner."""
