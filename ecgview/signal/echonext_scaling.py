"""EchoNext's waveforms are normalised; here they become millivolts again, and the limb leads say if that is right.

Per lead (x - mean) / std in units of 4.88 uV after clipping, with constants that the authors publish (methods F.2).
Others use one scale for all leads instead, so both are tried: in the right one III = II - I holds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError

MV_PER_UNIT = 0.00488
ONE_SCALE_MV = 0.162889  # per normalised unit, as a third party has it
SAMPLE = 64  # records of each split that are looked at
LARGEST_RESIDUAL = 0.05  # of III against II - I, as a share of III's own size; clipping leaves some
_LOWER = (-140, -206, -324, -247, -153, -249, -369, -522, -554, -411, -290, -209)
_UPPER = (287, 297, 236, 118.5, 270, 245.5, 219, 297, 366, 450, 451, 396)
_MEAN = (
    *(5.43890, 4.38614, -0.88285, -4.90123, 3.17930, 1.71896),
    *(-4.38537, -1.49918, -0.23901, 3.62217, 5.39682, 5.66098),
)
_STD = (
    *(32.42832, 31.37262, 30.15547, 28.12638, 27.09771, 26.14874),
    *(37.73921, 52.79250, 56.75139, 49.90224, 45.00143, 39.06607),
)


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """How a normalised value becomes millivolts: value * gain + offset, per lead."""

    name: str
    gain: NDArray[np.float64]
    offset: NDArray[np.float64]
    residual: float  # median |III - (II - I)| over median |III|

    def millivolts(self, normalised: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return (12, samples) mV for (12, samples) normalised values."""
        made = normalised * self.gain[:, None] + self.offset[:, None]
        return np.asarray(made, dtype=np.float32)


def normalised(millivolts: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return (..., 12) normalised values for (..., 12) mV: what the publisher did."""
    units = np.clip(millivolts / MV_PER_UNIT, _LOWER, _UPPER)
    return np.asarray((units - np.array(_MEAN)) / np.array(_STD), dtype=np.float32)


def fitting(waveforms: NDArray[np.float64], where: str) -> Scaling:
    """Return the scaling under which the limb leads agree.

    Args:
        waveforms: (records, samples, 12) normalised values.
        where: the folder, for the error.

    Raises:
        FormatError: III = II - I holds under neither scaling.
    """
    per_lead = (np.array(_STD) * MV_PER_UNIT, np.array(_MEAN) * MV_PER_UNIT)
    one_scale = (np.full(12, ONE_SCALE_MV), np.zeros(12))
    tried = [
        Scaling(name, gain, offset, _residual(waveforms * gain + offset))
        for name, (gain, offset) in (("constants per lead", per_lead), ("one scale", one_scale))
    ]
    best = min(tried, key=lambda scaling: scaling.residual)
    if not best.residual <= LARGEST_RESIDUAL:
        raise FormatError(
            "the waveforms cannot be turned back into millivolts: III is not II - I",
            where=where,
            expected=f"a residual of {LARGEST_RESIDUAL:g} at most",
            found=", ".join(f"{scaling.name}: {scaling.residual:.3g}" for scaling in tried),
        )
    return best


def _residual(millivolts: NDArray[np.float64]) -> float:
    one, two, three = (millivolts[..., i] for i in range(3))
    size = float(np.median(np.abs(three)))
    return float(np.median(np.abs(three - (two - one)))) / size if size > 0 else float("inf")
