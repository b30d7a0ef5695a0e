"""What goes into a bundle beside the auditor's own modules: the program that starts them, and a record's shape."""
