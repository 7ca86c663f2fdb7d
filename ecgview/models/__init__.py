"""Models: cards, runtime, networks and tabular models."""
