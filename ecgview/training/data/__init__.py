"""Data sets in their published layout, read one record at a time."""
