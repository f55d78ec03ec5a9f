"""One module per page: layout only, no SQL and no arithmetic."""
