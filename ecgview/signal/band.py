"""Band-passes designed once for each rate: to design one takes as long as to filter ten seconds with it."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


def sections(order: int, low_hz: float, high_hz: float, fs_hz: float) -> NDArray[np.float64]:
    """Return the second-order sections, (order, 6), of a Butterworth band-pass."""
    return _designed(order, low_hz, high_hz, fs_hz).copy()  # scipy takes none that cannot be written to


@lru_cache(maxsize=64)
def _designed(order: int, low_hz: float, high_hz: float, fs_hz: float) -> NDArray[np.float64]:
    from scipy.signal import butter

    return np.asarray(butter(order, [low_hz, high_hz], "bandpass", fs=fs_hz, output="sos"))
