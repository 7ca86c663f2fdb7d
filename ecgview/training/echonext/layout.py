"""Read EchoNext: one metadata table, and per split an array of waveforms and one of tabular features.

Waveforms stay on disk and are read a few at a time. Row order inside a split is the order of the array.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import FormatError
from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord, ImportNote, Patient, Source
from ecgview.signal import echonext_scaling
from ecgview.training.echonext import tabular
from ecgview.training.echonext.row import EchoRow

SPLITS = ("train", "val", "test", "no_split")
RATE_HZ = 250.0
SAMPLES = 2500
TABLE = "echonext_metadata_100k.csv"  # also seen as EchoNext_metadata_100k.csv
NEEDED = ("patient_key", "split", "sex", "age_at_ecg", "lvef_value")
SYNTHETIC_MARK = "synthetic"
FLAGS: tuple[str, ...] = (
    "lvef_lte_45_flag",
    "lvwt_gte_13_flag",
    "aortic_stenosis_moderate_or_greater_flag",
    "aortic_regurgitation_moderate_or_greater_flag",
    "mitral_regurgitation_moderate_or_greater_flag",
    "tricuspid_regurgitation_moderate_or_greater_flag",
    "pulmonary_regurgitation_moderate_or_greater_flag",
    "rv_systolic_dysfunction_moderate_or_greater_flag",
    "pericardial_effusion_moderate_large_flag",
    "pasp_gte_45_flag",
    "tr_max_gte_32_flag",
    "shd_moderate_or_greater_flag",
)


@dataclass(frozen=True, slots=True, eq=False)
class EchoNext:
    """A folder in the published layout: rows by split, and how its waveforms are scaled."""

    folder: Path
    rows: dict[str, list[EchoRow]]
    scaling: echonext_scaling.Scaling
    tabular_order: str  # how the tabular features are ordered, or why that is not known
    is_synthetic: bool

    def records(
        self, split: str, first: int = 0, last: int | None = None
    ) -> Iterator[tuple[EchoRow, EcgRecord]]:
        """Yield (row, record) of a split in order: (12, 2500) float32 mV at 250 Hz."""
        rows = self.rows[split][first:last]
        if not rows:
            return
        stored = waveforms(self.folder, split, len(self.rows[split]))
        for row in rows:
            signal = self.scaling.millivolts(np.asarray(stored[row.position, 0]).T)
            yield row, _record(row, signal, self.folder, self.is_synthetic)


def open_folder(folder: Path) -> EchoNext:
    """Return the data set below a folder after checking that it is whole and that no patient is in two splits.

    Raises:
        FormatError: a file, column or value is missing or wrong (named), the waveforms fit no known scaling, or a
            patient stands in two splits.
    """
    table = metadata_path(folder)
    rows = _read_table(table)
    _check_patients(rows, table)
    present = {split: found for split, found in rows.items() if found and _array(folder, split).exists()}
    missing = [
        split for split, found in rows.items() if found and split not in present and split != "no_split"
    ]
    if missing:
        names = ", ".join(_array(folder, split).name for split in missing)
        raise FormatError("waveforms are missing", where=str(folder), expected=names)
    sample = []
    for split, found in present.items():
        stored = waveforms(folder, split, len(found))
        sample.append(np.asarray(stored[: echonext_scaling.SAMPLE, 0], dtype=np.float64))
    scaling = echonext_scaling.fitting(np.concatenate(sample), str(folder))
    order = tabular.order_of(folder, present)
    synthetic = any(row.patient.startswith(SYNTHETIC_MARK) for found in rows.values() for row in found[:1])
    return EchoNext(folder, rows, scaling, order, synthetic)


def metadata_path(folder: Path) -> Path:
    """Return the metadata table, whatever the case of its letters."""
    found = [path for path in folder.glob("*.csv") if path.name.lower() == TABLE]
    if not found:
        raise FormatError("this is no EchoNext folder", where=str(folder), expected=TABLE)
    return found[0]


def _read_table(path: Path) -> dict[str, list[EchoRow]]:
    rows: dict[str, list[EchoRow]] = {split: [] for split in SPLITS}
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = [name.strip().lower() for name in reader.fieldnames or ()]
            if absent := [name for name in NEEDED if name not in columns]:
                raise FormatError("a column is missing", where=str(path), expected=", ".join(absent))
            for number, line in enumerate(csv.DictReader(file, columns), 2):
                _add(rows, {k: (v or "").strip() for k, v in line.items() if k}, f"{path}: row {number}")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"cannot be read ({error})", where=str(path)) from None
    return rows


def _add(rows: dict[str, list[EchoRow]], values: dict[str, str], where: str) -> None:
    split, patient = values["split"].lower(), values["patient_key"]
    if split not in rows:
        raise FormatError(
            "unknown split", where=where, expected=", ".join(SPLITS), found=values["split"][:40]
        )
    if not patient:
        raise FormatError("no patient_key", where=where)
    found = EchoRow(split, len(rows[split]), patient, None, values)
    lvef = found.number("lvef_value")
    if lvef is not None and not 0 < lvef <= 100:
        raise FormatError(
            "lvef_value is no ejection fraction", where=where, expected="percent", found=values["lvef_value"]
        )
    rows[split].append(EchoRow(split, found.position, patient, lvef, values))


def _check_patients(rows: dict[str, list[EchoRow]], table: Path) -> None:
    """Refuse a patient in two of train, val and test; the remainder (no_split) may hold anyone and is not learnt."""
    seen: dict[str, str] = {}
    for split in ("train", "val", "test"):
        for row in rows[split]:
            if seen.setdefault(row.patient, split) != split:
                raise FormatError(
                    f"patient {row.patient} stands in two splits",
                    where=str(table),
                    expected="every patient in one split",
                    found=f"{seen[row.patient]} and {split}",
                )


def _array(folder: Path, split: str, what: str = "waveforms") -> Path:
    return folder / f"EchoNext_{split}_{what}.npy"


def waveforms(folder: Path, split: str, count: int) -> NDArray[np.floating]:
    """Return the (count, 1, 2500, 12) normalised waveforms of a split as they lie on disk, read a few at a time.

    Raises:
        FormatError: there is no such array, or its shape is another.
    """
    path = _array(folder, split)
    try:
        stored: NDArray[np.floating] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise FormatError(f"is no array ({error})", where=str(path)) from None
    if stored.shape != (count, 1, SAMPLES, len(STANDARD_12)):
        raise FormatError(
            "the waveforms do not fit the metadata",
            where=str(path),
            expected=f"{(count, 1, SAMPLES, len(STANDARD_12))}",
            found=str(stored.shape),
        )
    return stored


def as_record(signal: NDArray[np.float32]) -> EcgRecord:
    """Return a record without a patient for (12, 2500) mV."""
    return EcgRecord(np.ascontiguousarray(signal), STANDARD_12, RATE_HZ, source=Source("", "echonext"))


def _record(row: EchoRow, signal: NDArray[np.float32], folder: Path, synthetic: bool) -> EcgRecord:
    sex = {"1": "male", "0": "female", "m": "male", "f": "female"}.get(
        row.values["sex"].lower(), row.values["sex"]
    )
    notes = (
        (ImportNote("synthetic", "made by a formula: not a patient's ECG (synthetic)"),) if synthetic else ()
    )
    return EcgRecord(
        np.ascontiguousarray(signal),
        STANDARD_12,
        RATE_HZ,
        patient=Patient(patient_id=row.patient, sex=sex.lower(), age_years=row.number("age_at_ecg")),
        source=Source(f"{folder}#{row.split}/{row.position}", "echonext"),
        notes=notes,
        synthetic=synthetic,
    )
