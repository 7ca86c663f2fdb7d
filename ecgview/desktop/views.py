"""The tabs of the window: what one looks at a record for."""

VIEWS: tuple[str, ...] = ("read", "explain", "reconstruct", "annotate")
