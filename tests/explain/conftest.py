"""Tiny models for every test here."""

from tiny_models import autoencoder, classifier

__all__ = ["autoencoder", "classifier"]
