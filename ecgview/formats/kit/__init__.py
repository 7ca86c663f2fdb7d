"""Tools that several formats share: quantities, tables, XML, ages, numbers on a grid, what ecgview writes of itself."""
