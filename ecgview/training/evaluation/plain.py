"""Figures as plain values that JSON can hold."""

import math
from typing import Any

from ecgview.training.evaluation.metrics import Interval

Figure = dict[str, float | None]


def known(value: Any) -> Any:
    """Return figures in dicts and lists with None for every number that is not known: JSON has no NaN."""
    if isinstance(value, dict):
        return {key: known(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [known(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def rounded(value: float, digits: int = 4) -> float | None:
    """Return a number to four digits, None where it is not known."""
    return round(float(value), digits) if math.isfinite(value) else None


def interval(found: Interval) -> Figure:
    """Return value, low and high."""
    return {"value": rounded(found.value), "low": rounded(found.low), "high": rounded(found.high)}
