"""Figures as plain values that JSON can hold."""

import math

from ecgview.training.evaluation.metrics import Interval

Figure = dict[str, float | None]


def rounded(value: float, digits: int = 4) -> float | None:
    """Return a number to four digits, None where it is not known."""
    return round(float(value), digits) if math.isfinite(value) else None


def interval(found: Interval) -> Figure:
    """Return value, low and high."""
    return {"value": rounded(found.value), "low": rounded(found.low), "high": rounded(found.high)}
