"""The networks, one per file; torch is imported here and nowhere above."""
