"""Files written by ecgview in readers of others, and the same files, made or real, read by both."""

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
import wfdb
from ecgdatakit import FileParser
from numpy.typing import NDArray
from pyedflib import EdfReader
from samples import RATE, SAMPLES, STEP_MV, Rows, limb

from ecgview import formats
from ecgview.formats import scp
from ecgview.leads import STANDARD_12, canonical_name

BOTH_READ = ("DICOM", "EDF", "HL7 aECG", "ISHNE Holter", "MFER", "MUSE XML", "SCP-ECG", "WFDB")
REAL = (
    "aecg/cvrg_example2_1000hz.xml",
    "aecg/hl7_2003_example.xml",
    "aecg/subject1_0.xml",
    "dicom/ecgtoolkit_example.dcm",
    "dicom/pydicom_waveform_ecg.dcm",
    "muse/braveheart_example1.xml",
    "muse/braveheart_example2.xml",
    "muse/muse-sinus.xml",
    "muse/muse_240hz.xml",
    "scp/ecgtoolkit_example.scp",
)


def _rows(samples: int = 5000) -> Rows:
    steps = np.random.default_rng(0).integers(-9, 10, (12, samples))
    return limb(np.cumsum(steps, axis=1).astype(np.int16))


def _other(path: Path) -> dict[str, NDArray[np.float64]]:
    """Return the leads in mV as ecgdatakit reads them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        leads = [lead.to_physical() for lead in FileParser().parse(str(path)).leads]
    scale = {"mV": 1.0, "uV": 1e-3, "µV": 1e-3, "nV": 1e-6}
    return {canonical_name(lead.label): lead.samples * scale[lead.units] for lead in leads}


@pytest.mark.parametrize("name", BOTH_READ)
def test_a_second_implementation_reads_the_same_samples(name: str, tmp_path: Path) -> None:
    rows = _rows()
    path = SAMPLES[name](tmp_path, rows, "Li Lei")
    theirs, ours = _other(path), formats.read(path)
    assert len(theirs) >= 8
    for lead, samples in theirs.items():
        np.testing.assert_allclose(samples, rows[STANDARD_12.index(lead)] * STEP_MV, atol=1e-6)
        np.testing.assert_allclose(ours.lead(lead), samples, atol=1e-6)
    assert ours.sampling_rate_hz == RATE[name]


def test_compressed_scp_in_a_second_implementation(tmp_path: Path) -> None:
    rows = _rows()
    record = formats.read(SAMPLES["NumPy"](tmp_path, rows, "Li Lei"))
    path = scp.write_compressed(record, tmp_path / "packed.scp")
    for lead, samples in _other(path).items():
        np.testing.assert_allclose(samples, rows[STANDARD_12.index(lead)] * STEP_MV, atol=1e-6)


@pytest.mark.parametrize("name", REAL)
def test_real_files_in_both(name: str, shared_data: Path) -> None:
    path = shared_data / "formats" / name
    theirs, ours = _other(path), formats.read(path)
    compared = 0
    for lead, samples in theirs.items():
        if ours.has(lead) and len(samples) == ours.n_samples:
            known = np.isfinite(ours.lead(lead)) & np.isfinite(
                samples
            )  # they take every padding value as a gap
            np.testing.assert_allclose(ours.lead(lead)[known], samples[known], atol=2e-6)
            compared += 1
    assert compared >= 8


def test_our_files_in_the_libraries_of_their_formats(tmp_path: Path) -> None:
    rows = _rows()
    wanted = rows * STEP_MV
    made = {name: SAMPLES[name](tmp_path, rows, "李雷") for name in ("WFDB", "DICOM", "EDF")}
    found = wfdb.rdrecord(str(made["WFDB"].with_suffix("")))
    assert tuple(found.sig_name) == STANDARD_12
    np.testing.assert_allclose(found.p_signal.T, wanted, atol=1e-6)
    dicom = pydicom.dcmread(made["DICOM"]).waveform_array(0).T  # in the file's unit
    unit = pydicom.dcmread(made["DICOM"]).WaveformSequence[0].ChannelDefinitionSequence[0]
    factor = {"uV": 1e-3, "mV": 1.0}[unit.ChannelSensitivityUnitsSequence[0].CodeValue]
    np.testing.assert_allclose(dicom * factor, wanted, atol=1e-6)
    with EdfReader(str(made["EDF"])) as edf:
        assert tuple(canonical_name(label) for label in edf.getSignalLabels()) == STANDARD_12
        for k, lead in enumerate(wanted):
            scale = {"uV": 1e-3, "mV": 1.0}[edf.getPhysicalDimension(k).strip()]
            np.testing.assert_allclose(edf.readSignal(k) * scale, lead, atol=1e-6)
