"""Small data sets in each layout; every signal is made here and says that it is synthetic."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgview.formats import wfdb
from ecgview.record import EcgRecord


@pytest.fixture
def write_record(pulse_record: EcgRecord) -> Callable[[Path, float], Path]:
    """Return a function that writes a ten-second recording, its gain told, and returns the header's path."""

    def write(path: Path, gain: float = 1.0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        signal = (gain * pulse_record.signal).astype(np.float32)
        return wfdb.write(replace(pulse_record, signal=signal, synthetic=True), path)

    return write


@pytest.fixture
def challenge(tmp_path: Path, write_record: Callable[[Path, float], Path]) -> Path:
    """Return a folder as the challenge's: sets in folders in folders, one header in the form of 2020."""
    root = tmp_path / "training"
    for place, first, dx in (
        ("georgia/g1/E00001", "E00001 12 500 5000", "# Dx: 426177001,164934002"),
        ("georgia/g2/E01001", "E01001 12 500 5000", "#Dx: 63593006,284470004,426177001"),
        ("cpsc_2018/g1/A0001", "A0001 12 500 5000 12-May-2020 12:33:59", "#Dx: PVC,Normal"),
        ("ptb-xl/g1/HR00001", "HR00001 12 500 5000", "# Dx: 426783006"),
    ):
        header = write_record(root / place, 1.0)
        lines = [line for line in header.read_text().splitlines() if not line.startswith("#")]
        header.write_text("\n".join([first, *lines[1:], "#Age: 71", "#Sex: Female", dx]) + "\n")
    return root
