"""What several panels are made of: the gate before AI results, score lists, prose, sizes and colours."""
