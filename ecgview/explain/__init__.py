"""Explanations: what a model's answer rests on, as plain results and overlays."""
