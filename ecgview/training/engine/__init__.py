"""How any run is driven: the loop, its state on disk, optimisation, and the way from weights to a model."""
