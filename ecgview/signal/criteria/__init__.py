"""Published criteria that a reader can follow: met, not met, not measurable or not applicable, never a diagnosis."""
