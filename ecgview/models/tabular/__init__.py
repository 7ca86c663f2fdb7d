"""Tabular models on a classifier's probabilities; LEF is the first."""
