"""Objectives: each is a module that turns a batch into a dictionary with `loss`."""
