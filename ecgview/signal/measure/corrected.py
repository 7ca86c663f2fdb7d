"""QT corrected for the heart rate, and what is left of it without the QRS complex; all in ms.

Bazett 1920, Fridericia 1920, Sagie 1992 (Framingham), Hodges 1983; Bogossian 2014 for wide QRS complexes.
"""

from collections.abc import Mapping

BAZETT_BPM = (60.0, 100.0)  # outside, Bazett's formula misleads (M3)
WIDE_QRS_MS = 120.0  # from here on Bogossian's formula means something
OF_QRS = 0.485  # of it is taken off QT there


def qtc(qt_ms: float, rr_ms: float) -> Mapping[str, float]:
    """Return QT corrected by four formulas: QTcF (Fridericia), QTcB (Bazett), QTcFra (Framingham), QTcH (Hodges)."""
    rr_s = rr_ms / 1000
    return {
        "QTcF": float(qt_ms / rr_s ** (1 / 3)),
        "QTcB": float(qt_ms / rr_s**0.5),
        "QTcFra": qt_ms + 154 * (1 - rr_s),
        "QTcH": qt_ms + 1.75 * (60 / rr_s - 60),
    }


def qtm(qt_ms: float, qrs_ms: float) -> float | None:
    """Return QT less what a wide QRS complex adds to it; None where QRS is not wide."""
    return qt_ms - OF_QRS * qrs_ms if qrs_ms >= WIDE_QRS_MS else None
