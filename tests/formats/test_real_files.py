"""Every real file of the collection: leads, rate, duration and height of lead II; the same ECG in several formats."""

import json
import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord

LIMB = STANDARD_12[:6]
# file: format, leads, Hz, seconds, height of lead II (else of the first lead) in mV
FILES: dict[str, tuple[str, tuple[str, ...], float, float, float]] = {
    "aecg/cvrg_example2_1000hz.xml": ("HL7 aECG", STANDARD_12, 1000, 10.0, 1.3525),
    "aecg/hl7_2003_example.xml": ("HL7 aECG", STANDARD_12, 500, 10.0, 1.0025),
    "aecg/minimum_aecg.xml": ("HL7 aECG", ("II",), 500, 0.026, 0.0175),
    "aecg/subject1_0.xml": ("HL7 aECG", STANDARD_12, 500, 10.0, 1.0025),
    "cardiosoft/dummy_ecg.xml": ("CardioSoft XML", STANDARD_12, 500, 10.0, 0.475),
    "cardiosoft/example1.xml": ("CardioSoft XML", STANDARD_12, 500, 10.0, 2.015),
    "contec/0000050.ECG": ("Contec ECG", LIMB, 800, 47.319, 1.37),
    "contec/0000050.edf": (
        "EDF",
        LIMB,
        800,
        47.319,
        8.3619,
    ),  # its header says 30.5 uV per step: it is followed
    "dicom/ecgtoolkit_example.dcm": ("DICOM", STANDARD_12, 500, 10.0, 1.0025),
    "dicom/pydicom_waveform_ecg.dcm": ("DICOM", STANDARD_12, 1000, 10.0, 1.3463),
    "edf/test_generator_2.edf": ("EDF", ("ECG",), 200, 600.0, 0.0788),
    "malformed/healforce_62.scp": ("SCP-ECG", ("lead 1", "lead 2", "lead 3"), 150, 30.0, 1.2953),
    "muse/braveheart_example1.xml": ("MUSE XML", STANDARD_12, 500, 10.0, 1.6202),
    "muse/braveheart_example2.xml": ("MUSE XML", STANDARD_12, 500, 10.0, 2.6059),
    "muse/echonext_validation_example.xml": ("MUSE XML", STANDARD_12, 500, 10.0, 0.6393),
    "muse/muse-sinus.xml": ("MUSE XML", STANDARD_12, 500, 10.0, 0.9272),
    "muse/muse_240hz.xml": ("MUSE XML", STANDARD_12, 240, 10.417, 2.9573),
    "philips/sierra_1_03_129DYPRG.xml": ("Philips XML", STANDARD_12, 500, 10.528, 1.09),
    "philips/sierra_1_04_01.xml": ("Philips XML", STANDARD_12, 500, 10.6, 1.25),
    "philips/sierra_1_04_3191723.xml": ("Philips XML", STANDARD_12, 500, 10.6, 2.32),
    "scp/demo_8lead_1000hz.scp": ("SCP-ECG", STANDARD_12, 1000, 10.0, 1.9607),
    "scp/ecgtoolkit_example.scp": ("SCP-ECG", STANDARD_12, 500, 10.0, 1.0025),
    "wfdb/03700181.hea": ("WFDB", ("MCL1",), 500, 600.0, 0.7399),  # 212x4, its RESP and ABP left out
    "wfdb/100.hea": ("WFDB", ("II", "V5"), 360, 1805.556, 4.15),
    "wfdb/s0010_re.hea": ("WFDB", (*STANDARD_12, "X", "Y", "Z"), 1000, 38.4, 1.235),
    "wfdb/v102s.hea": ("WFDB", ("II", "V"), 250, 300.0, 1.7948),
}
# bare numbers, and what a JSON file beside them must tell: file: told, leads, Hz, seconds, height in mV
BARE = {
    "contec/0000050.csv": (
        {"fs_hz": 800, "lead_names": list(STANDARD_12), "units": "5uV"},
        LIMB, 800, 47.319, 1.37,
    ),
    "mat/ecgdeli_s0273lre_signal.mat": (
        {"fs_hz": 1000, "lead_names": list(STANDARD_12), "units": "mV"},
        STANDARD_12, 1000, 115.2, None,
    ),
}  # fmt: skip


@pytest.fixture
def real(shared_data: Path) -> Path:
    """Return the folder of real files."""
    return shared_data / "formats"


def _height(record: EcgRecord) -> float:
    trace = record.lead("II") if "II" in record.lead_names else record.signal[0]
    return float(np.nanmax(trace) - np.nanmin(trace))


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_real_file_opens_as_what_it_is(name: str, real: Path) -> None:
    kind, leads, rate, seconds, height = FILES[name]
    record = formats.read(real / name)
    assert record.source.format == kind
    assert record.lead_names == leads
    assert record.sampling_rate_hz == rate
    assert record.seconds == pytest.approx(seconds, abs=0.001)
    assert _height(record) == pytest.approx(height, abs=0.0001)
    assert formats.peek(real / name).format == kind


def test_no_file_of_the_collection_is_left_out(real: Path) -> None:
    parts = {".dat", ".atr", ".xyz"}
    found = {str(path.relative_to(real)) for path in real.rglob("*.*") if path.suffix not in parts}
    assert found == set(FILES) | set(BARE)


@pytest.mark.parametrize("name", sorted(BARE))
def test_bare_numbers_say_what_they_lack_and_open_with_it(name: str, real: Path, tmp_path: Path) -> None:
    told, leads, rate, seconds, height = BARE[name]
    path = Path(shutil.copy(real / name, tmp_path))
    with pytest.raises(FormatError, match=rf"{path.stem}\.json"):
        formats.read(path)
    path.with_suffix(".json").write_text(json.dumps(told))
    record = formats.read(path)
    assert (record.lead_names, record.sampling_rate_hz) == (leads, rate)
    assert record.seconds == pytest.approx(seconds, abs=0.001)
    if height is not None:
        assert _height(record) == pytest.approx(height, abs=0.0001)


@pytest.mark.parametrize(
    "names",
    [
        ("scp/ecgtoolkit_example.scp", "dicom/ecgtoolkit_example.dcm", "aecg/hl7_2003_example.xml"),
        ("aecg/hl7_2003_example.xml", "aecg/subject1_0.xml"),
    ],
)
def test_one_ecg_in_several_formats_agrees_to_a_step(names: tuple[str, ...], real: Path) -> None:
    for one, other in combinations([formats.read(real / name) for name in names], 2):
        assert one.lead_names == other.lead_names
        both = min(one.n_samples, other.n_samples)
        assert abs(one.n_samples - other.n_samples) <= 1
        step = max(item.acquisition.step_uv or 1.25 for item in (one, other)) / 1000.0
        assert np.nanmax(np.abs(one.signal[:, :both] - other.signal[:, :both])) <= step


def test_the_contec_twins_agree_to_a_step(real: Path, tmp_path: Path) -> None:
    own = formats.read(real / "contec/0000050.ECG")
    edf = formats.read(real / "contec/0000050.edf")
    path = Path(shutil.copy(real / "contec/0000050.csv", tmp_path))
    path.with_suffix(".json").write_text(json.dumps(BARE["contec/0000050.csv"][0]))
    table = formats.read(path)
    edf_step = 2000.0 / 65535  # mV, as its header says; the cart's own is 5 uV
    for lead in LIMB:
        assert np.abs(own.lead(lead) - table.lead(lead)).max() <= 0.005
        assert np.abs(own.lead(lead) / 0.005 - edf.lead(lead) / edf_step).max() <= 1.001
