"""Electrical axes in the frontal plane, and the angle between QRS and T in it and in space."""

from collections.abc import Mapping
from math import acos, atan2, degrees, sqrt

import numpy as np

LEAST_MV_MS = 4.0  # net areas of both leads within this: indeterminate (M4)
LEAST_P_MV_MS = 0.5  # a P wave's areas are a tenth of a QRS complex's (ours)

# Kors' regression, X, Y and Z each from I, II, V1 to V6 (Kors et al., Eur Heart J 1990).
KORS_LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
KORS = np.array(
    [
        [0.38, -0.07, -0.13, 0.05, -0.01, 0.14, 0.06, 0.54],
        [-0.07, 0.93, 0.06, -0.02, -0.05, 0.06, -0.17, 0.13],
        [0.11, -0.23, -0.43, -0.06, -0.14, -0.20, -0.11, 0.31],
    ]
)


def axis(area: Mapping[str, float], least: float = LEAST_MV_MS) -> float | None:
    """Return the frontal axis, -180 to 180 degrees, from net areas by lead (M4).

    None where it is indeterminate, or where I and one of aVF, II and III are not there.

    Args:
        area: lead name to net area, mV ms.
        least: both areas within this are too small to have a direction.
    """
    one = area.get("I")
    foot = area.get("aVF")
    if one is not None and foot is None:
        if "II" in area:
            foot = area["II"] - one / 2
        elif "III" in area:
            foot = area["III"] + one / 2
    if one is None or foot is None or max(abs(one), abs(foot)) <= least:
        return None
    found = degrees(atan2(2 / sqrt(3) * foot, one))
    return 180.0 if found <= -180.0 else found


def between(one: float | None, other: float | None) -> float | None:
    """Return the angle between two axes, 0 to 180 degrees."""
    if one is None or other is None:
        return None
    apart = abs(one - other) % 360
    return min(apart, 360 - apart)


def in_space(one: Mapping[str, float], other: Mapping[str, float]) -> float | None:
    """Return the angle in degrees between two mean vectors in space, from net areas by lead; None where leads lack."""
    if not all(name in one and name in other for name in KORS_LEADS):
        return None
    a, b = (KORS @ np.array([area[name] for name in KORS_LEADS]) for area in (one, other))
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    if size < 1e-9:
        return None
    return degrees(acos(min(1.0, max(-1.0, float(a @ b) / size))))
