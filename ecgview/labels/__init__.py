"""Label sets: the statements a reader may make, their search, and which of them contradict each other."""
