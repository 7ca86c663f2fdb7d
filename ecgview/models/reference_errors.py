"""How large an autoencoder's error usually is in each part of the beat: a table of quantiles beside its weights.

An error in microvolts alone follows the steepness of the trace: it is large at every QRS. Beside the errors of other
records in the same part of the beat it says what is unusual.

`reference_errors.safetensors` holds `quantiles`, (phases, 101) float32 microvolts: the 0th to the 100th percentile of
the error, root mean square over all leads, of the hidden segments that lie in each of `signal.phases.PHASES`; and
`segments`, (phases,), how many those were. Its metadata name the records, the hidden share and the weights (`sha256`):
a table of other weights is not used. `ecgview evaluate MODEL DATA --update-reference` writes it.
"""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.models.cards import ModelCard
from ecgview.signal.phases import PHASES

FILE = "reference_errors.safetensors"
POINTS = 101
FEWEST = 100  # segments in a part of the beat, for a percentile to be shown


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceErrors:
    """The errors of an autoencoder over reference records; rows follow PHASES, microvolts."""

    records: str
    mask_ratio: float
    quantiles: NDArray[np.float32]
    segments: NDArray[np.int64]

    @property
    def sentence(self) -> str:
        """What the percentiles are of, in words."""
        return (
            f"share of hidden segments with a smaller error in the same part of the beat: {self.records}, "
            f"{100 * self.mask_ratio:.0f} % hidden at random"
        )

    def percentiles(self, error_uv: NDArray[np.floating], phases: NDArray[np.integer]) -> NDArray[np.float64]:
        """Return (n,) the share, in percent, of reference segments of the same phase with a smaller error.

        Args:
            error_uv: (n,) root mean square over all leads; NaN where unknown.
            phases: (n,) indices in PHASES, negative where unknown.

        Returns:
            NaN where the error or the phase is unknown, or the reference is too small.
        """
        found = np.full(len(error_uv), np.nan)
        grid = np.linspace(0.0, 100.0, POINTS)
        for phase in range(len(PHASES)):
            here = (phases == phase) & np.isfinite(error_uv)
            if self.segments[phase] >= FEWEST:
                found[here] = np.interp(error_uv[here], self.quantiles[phase].astype(np.float64), grid)
        return found


def of(card: ModelCard) -> ReferenceErrors | None:
    """Return the table that belongs to a card's weights; None where there is none that can be used."""
    found = card.beside(FILE)
    return None if found is None else _read(*found, card.sha256)


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int, sha256: str) -> ReferenceErrors | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            about = file.metadata() or {}
            quantiles, counts = file.get_tensor("quantiles"), file.get_tensor("segments")
        ratio = float(about.get("mask_ratio", "nan"))
    except (SafetensorError, OSError, ValueError):
        return None
    fits = quantiles.shape == (len(PHASES), POINTS) and counts.shape == (len(PHASES),)
    records = about.get("records", "")
    if not (fits and about.get("sha256") == sha256 and records.isprintable() and 0 < ratio < 1):
        return None
    if not (np.isfinite(quantiles).all() and (np.diff(quantiles, axis=1) >= 0).all()):
        return None
    return ReferenceErrors(records, ratio, quantiles, counts.astype(np.int64))


def write(
    folder: Path,
    error_uv: NDArray[np.floating],
    phases: NDArray[np.integer],
    records: str,
    mask_ratio: float,
    sha256: str,
) -> Path:
    """Write the table of (n,) errors of hidden segments in microvolts and (n,) indices of their phases.

    Args:
        folder: of the model.
        error_uv: root mean square over all leads.
        phases: in PHASES; segments without a phase are left out.
        records: what they are of: "400 records of PTB-XL folds 1 to 8".
        mask_ratio: the share that was hidden at random.
        sha256: of the weights.
    """
    from safetensors.numpy import save

    grid = np.linspace(0, 1, POINTS)
    parts = [error_uv[(phases == phase) & np.isfinite(error_uv)] for phase in range(len(PHASES))]
    rows = [np.quantile(part, grid) if len(part) else np.zeros(POINTS) for part in parts]
    tables = {
        "quantiles": np.stack(rows).astype(np.float32),
        "segments": np.array([len(part) for part in parts], np.int64),
    }
    about = {"records": records, "mask_ratio": f"{mask_ratio:g}", "sha256": sha256}
    path = folder / FILE
    part_path = folder / (FILE + ".part")
    part_path.write_bytes(save(tables, about))
    os.replace(part_path, path)
    return path
