"""Tools that several networks share: stochastic depth, sizes from a card, the outputs of a strange checkpoint."""
