"""Questions to the books: lines, their causes, statements."""
