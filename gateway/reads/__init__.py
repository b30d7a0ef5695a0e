"""Read models, asked within one organisation and shown as the interface says."""
