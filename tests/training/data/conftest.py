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


@pytest.fixture
def packed_sets(tmp_path: Path) -> Path:
    """Return a folder of packed records: two of PTB-XL, three of other hospitals, one without labels (noise)."""
    folder = tmp_path / "more"
    folder.mkdir()
    head = "file,name,set,fs,n,gain,base,labels,age,sex,strat_fold\n"
    lines = {
        "slow.npz": [
            "00501,PTB-XL,100.0,1000,1000.0,0,SR NORM,300.0,female,9",
            "00007,PTB-XL,100.0,1000,1000.0,0,SR,60.0,male,2",
        ],
        "others.npz": [
            'E1,Georgia,500.0,5000,4880.0,10,"59118001,426177001",71,Male,',
            "E2,Georgia,500.0,5000,1000.0,0,426783006,nan,Female,",
            "A1,CPSC2018,500.0,6000,1000.0,0,RBBB,53,Male,",
            "S0001,PTB,1000.0,10000,1000.0,0,426783006,50,Male,",
        ],
        "plain.npz": ["1,CinC2025,400.0,4096,1000.0,0,Chagas label: True;Source: CODE-15%,22,Female,"],
    }
    rng = np.random.default_rng(0)
    for file, own in lines.items():
        cells = [line.replace('"59118001,426177001"', "x").split(",") for line in own]
        n = np.array([int(cell[3]) for cell in cells], np.int32)
        counts = rng.integers(-300, 300, (8, int(n.sum()))).astype(np.int16)
        starts = np.cumsum(n) - n
        steps = np.diff(counts, axis=1, prepend=np.int16(0))
        steps[:, starts] = counts[:, starts]  # each record's first step is from zero
        zigzag = ((steps.astype(np.int32) << 1) ^ (steps.astype(np.int32) >> 15)).astype(np.uint16)
        np.savez_compressed(
            folder / file,
            name=np.array([cell[0] for cell in cells]),
            fs=np.array([float(cell[2]) for cell in cells], np.float32),
            n=n,
            gain=np.array([float(cell[4]) for cell in cells], np.float32),
            base=np.array([int(cell[5]) for cell in cells], np.int32),
            low=(zigzag & 255).astype(np.uint8),
            high=(zigzag >> 8).astype(np.uint8),
        )
        np.save(tmp_path / f"{file}.counts.npy", counts)
    table = head + "".join(f"{file},{line}\n" for file, own in lines.items() for line in own)
    (folder / "records.csv").write_text(table)
    return folder
