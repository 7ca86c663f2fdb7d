"""The tables of the four papers, cell by cell: what they publish, what we find, and what it would take to find it."""
