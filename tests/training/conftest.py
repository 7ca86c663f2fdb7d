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
    shutil.copytree(written_once / "ptbxl", tmp_path / "data" / "ptbxl")
    return tmp_path / "data"


@pytest.fixture
def ten_fold_ptbxl(tmp_path: Path, written_once: Path, pulse_record: EcgRecord) -> Path:
    """Return a folder like `tiny_ptbxl` with all ten folds, five records each (synthetic)."""
    if not (written_once / "ten").exists():
        _write_ptbxl(written_once / "ten", pulse_record, n_folds=10, n_records=50)
    shutil.copytree(written_once / "ten", tmp_path / "data" / "ptbxl")
    return tmp_path / "data"


@pytest.fixture
def tiny_ptbxl_beside(tmp_path: Path, written_once: Path, pulse_record: EcgRecord) -> Path:
    """Return the nine folds of `tiny_ptbxl` in another place, for a test that has the ten as well."""
    if not (written_once / "ptbxl").exists():
        _write_ptbxl(written_once / "ptbxl", pulse_record)
    shutil.copytree(written_once / "ptbxl", tmp_path / "nine" / "ptbxl")
    return tmp_path / "nine"


def _write_ptbxl(folder: Path, pulse_record: EcgRecord, n_folds: int = 9, n_records: int = 40) -> None:
    (folder / "records500").mkdir(parents=True)
    rng = np.random.default_rng(0)
    with open(folder / "ptbxl_database.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ecg_id", "patient_id", "age", "sex", "scp_codes", "strat_fold", "filename_hr"])
        for i in range(1, n_records + 1):
            # an even number of folds would give each fold one kind alone
            odd = (i + (0 if n_folds % 2 else i // n_folds)) % 2
            code = "{'NORM': 100.0, 'SR': 0.0}" if odd else "{'IMI': 100.0, 'SR': 0.0}"
            patient = float(
                i // (2 * n_folds) * n_folds + i % n_folds + 1
            )  # every second recording of a fold is an earlier patient's
            writer.writerow([i, patient, 60, i % 2, code, 1 + (i % n_folds), f"records500/{i:05d}_hr"])
            gain = 1.0 if odd else -1.0
            noise = 0.02 * rng.standard_normal(pulse_record.signal.shape)
            signal = (gain * pulse_record.signal + noise).astype(np.float32)
            wfdb.write(pulse_record.with_signal(signal), folder / "records500" / f"{i:05d}_hr")
