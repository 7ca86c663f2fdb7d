"""The order of EchoNext's seven tabular features is stated in two ways; the metadata tell which one a file has."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.training.echonext.row import EchoRow

AGE_SECOND = (
    "sex", "age_at_ecg", "ventricular_rate", "atrial_rate", "pr_interval", "qrs_duration", "qt_corrected",
)  # fmt: skip
AGE_LAST = (*(name for name in AGE_SECOND if name != "age_at_ecg"), "age_at_ecg")
SAMPLE = 2000


def order_of(folder: Path, rows: Mapping[str, Sequence[EchoRow]]) -> str:
    """Return in words how the tabular features are ordered; each order is held against the metadata's columns.

    Raises:
        FormatError: the array does not have one row of seven per record.
    """
    for split, found in rows.items():
        path = folder / f"EchoNext_{split}_tabular_features.npy"
        if not path.exists() or len(found) < 3:
            continue
        try:
            features = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise FormatError(f"is no array ({error})", where=str(path)) from None
        if features.shape != (len(found), 7):
            raise FormatError(
                "the features do not fit the metadata",
                where=str(path),
                expected=f"{(len(found), 7)}",
                found=str(features.shape),
            )
        known = found[:SAMPLE]
        values = np.asarray(features[: len(known)], dtype=np.float64)
        fits = {
            name: _agreement(values, known, order)
            for name, order in (("age second", AGE_SECOND), ("age last", AGE_LAST))
        }
        best = max(fits, key=lambda name: fits[name])
        if fits[best] < 0.5 or abs(fits["age second"] - fits["age last"]) < 0.05:
            return "unknown: neither published order agrees with the metadata"
        return f"{best} (correlation {fits[best]:.2f}, the other order {min(fits.values()):.2f})"
    return "unknown: no tabular features here"


def _agreement(features: NDArray[np.float64], rows: Sequence[EchoRow], order: Sequence[str]) -> float:
    """Return the mean correlation of the columns with the metadata's, those that can be compared."""
    found = []
    for column, name in enumerate(order):
        if name == "sex":
            continue
        wanted = np.array([np.nan if (value := row.number(name)) is None else value for row in rows])
        both = np.isfinite(wanted) & np.isfinite(features[:, column])
        if both.sum() >= 3 and wanted[both].std() > 0 and features[both, column].std() > 0:
            found.append(np.corrcoef(wanted[both], features[both, column])[0, 1])
    return float(np.mean(found)) if found else 0.0
