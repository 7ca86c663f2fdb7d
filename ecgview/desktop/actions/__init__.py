"""What a user can do, one file per menu, each a table of rows."""
