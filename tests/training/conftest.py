"""A small folder in PTB-XL's layout for training tests."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from ecgview.formats import wfdb
from ecgview.record import EcgRecord


@pytest.fixture(scope="session")
def written_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the records stay of which every test gets a copy."""
    return tmp_path_factory.mktemp("once")


@pytest.fixture
def tiny_ptbxl(tmp_path: Path, written_once: Path, pulse_record: EcgRecord) -> Path:
    """Return a folder in PTB-XL's layout with forty records of noise on a pulse (synthetic)."""
    if not (written_once / "ptbxl").exists():
        _write_ptbxl(written_once / "ptbxl", pulse_record)
    shutil.copytree(written_once, tmp_path / "data")
    return tmp_path / "data"


def _write_ptbxl(folder: Path, pulse_record: EcgRecord) -> None:
    (folder / "records500").mkdir(parents=True)
    rng = np.random.default_rng(0)
    with open(folder / "ptbxl_database.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ecg_id", "patient_id", "age", "sex", "scp_codes", "strat_fold", "filename_hr"])
        for i in range(1, 41):
            code = "{'NORM': 100.0, 'SR': 0.0}" if i % 2 else "{'IMI': 100.0, 'SR': 0.0}"
            patient = float(
                i // 18 * 9 + i % 9 + 1
            )  # every second recording of a fold is an earlier patient's
            writer.writerow([i, patient, 60, i % 2, code, 1 + (i % 9), f"records500/{i:05d}_hr"])
            gain = 1.0 if i % 2 else -1.0
            noise = 0.02 * rng.standard_normal(pulse_record.signal.shape)
            signal = (gain * pulse_record.signal + noise).astype(np.float32)
            wfdb.write(pulse_record.with_signal(signal), folder / "records500" / f"{i:05d}_hr")
