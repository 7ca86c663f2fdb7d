"""Real SCP-ECG files hold what other tools and other formats of the same ECG say."""

import re
from pathlib import Path

import numpy as np
import pytest
from scp_made import DEMO, EXAMPLE, HEALFORCE, biosig_rows

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.leads import STANDARD_12
from ecgview.record import Patient


def test_the_standard_example_holds_the_digits_of_its_aecg(shared_data: Path) -> None:
    record = formats.read(shared_data / EXAMPLE)
    text = (shared_data / "formats/aecg/hl7_2003_example.xml").read_text(encoding="utf-8", errors="replace")
    rhythm, median = {}, {}
    for part in re.findall(r"<sequence>(.*?)</sequence>", text, re.DOTALL):
        lead = re.search(r'code="MDC_ECG_LEAD_(\w+)"', part)
        digits = re.search(r"<digits>(.*?)</digits>", part, re.DOTALL)
        if lead and digits:
            values = np.array(digits.group(1).split(), float)
            (rhythm if len(values) == 5000 else median)[lead.group(1).upper()] = values
    assert len(rhythm) == len(median) == 12
    beat = record.device_reading.median
    assert beat is not None
    assert (record.sampling_rate_hz, record.lead_names, beat.lead_names) == (500.0, STANDARD_12, STANDARD_12)
    for name in STANDARD_12:  # 2.5 uV per digit there
        assert np.array_equal(np.round(record.lead(name) / 0.0025), rhythm[name.upper()])
        row = beat.signal[beat.lead_names.index(name)]
        assert np.array_equal(np.round(row / 0.0025), median[name.upper()])


def test_the_standard_example_holds_the_samples_of_its_dicom(shared_data: Path) -> None:
    import pydicom

    record = formats.read(shared_data / EXAMPLE)
    dataset = pydicom.dcmread(shared_data / "formats/dicom/ecgtoolkit_example.dcm")
    microvolts = dataset.waveform_array(0).T
    assert np.abs(record.signal * 1000 - microvolts).max() < 0.01


def test_the_standard_example_tells_patient_device_and_measurements(shared_data: Path) -> None:
    record = formats.read(shared_data / EXAMPLE)
    assert record.patient == Patient("SBJ-123", "Clark", "male", None, "1953-05-08")
    assert record.acquisition.start_time == "2002-11-22T09:10:00"
    assert "ELI250" in record.acquisition.device
    assert record.acquisition.step_uv == 2.5
    expected = {"p_duration": 102, "pr": 148, "qrs": 120, "qt": 420, "qtc": 443}
    expected |= {"p_axis": 44, "qrs_axis": -61, "t_axis": 86}
    assert {one.name: one.value for one in record.device_reading.measurements} == expected
    assert not record.notes


def test_a_file_that_counts_samples_from_zero(shared_data: Path) -> None:
    record = formats.read(shared_data / DEMO)
    assert record.signal.shape == (12, 10_000)
    assert record.sampling_rate_hz == 1000.0
    assert record.acquisition.derived_leads == ("III", "aVR", "aVL", "aVF")
    assert record.lead("I")[:3] == pytest.approx(np.array([0xFE, 0xF6, 0xFB]) * 183e-6, rel=1e-6)
    assert record.patient.name == "Demo Patient"
    assert record.acquisition.extra["height"] == "187 cm"
    assert record.acquisition.extra["free text"] == "demo patient"
    assert any("counts from 1" in note.text for note in record.notes)


def test_a_heal_force_file_is_read_by_its_own_rules(shared_data: Path) -> None:
    record = formats.read(shared_data / HEALFORCE)
    assert (record.signal.shape, record.sampling_rate_hz) == ((3, 4500), 150.0)
    assert record.lead_names == ("lead 1", "lead 2", "lead 3")  # the file does not say which they are
    steps = np.round(record.signal / 0.009524)
    assert steps[:, :2].tolist() == [[1, 1], [0, -1], [1, 0]]
    assert np.corrcoef(record.signal[0] + record.signal[2], record.signal[1])[0, 1] > 0.99  # as II = I + III
    assert record.acquisition.start_time == "2019-08-08T00:04:10"
    beats = np.array(record.device_reading.qrs_s)
    assert len(beats) == 30
    assert 53 < (60 / np.diff(beats)).min() < (60 / np.diff(beats)).max() < 68  # section 9 tells 57 to 67 bpm
    for at in beats:  # the recorder's marks lie on R peaks
        near = record.signal[1, max(0, int(at * 150) - 15) : int(at * 150) + 16]
        assert near.max() > 0.6
    assert any("not a conforming" in note.text for note in record.notes)
    assert any("which leads" in note.text for note in record.notes)


def test_a_damaged_heal_force_file_is_refused(shared_data: Path, tmp_path: Path) -> None:
    raw = bytearray((shared_data / HEALFORCE).read_bytes())
    raw[5000] ^= 1
    (tmp_path / "h.scp").write_bytes(bytes(raw))
    with pytest.raises(FormatError, match=r"h\.scp.*neither a conforming.*expected .*found 309d"):
        formats.read(tmp_path / "h.scp")


@pytest.mark.parametrize("name", [EXAMPLE, DEMO, HEALFORCE])
def test_a_file_is_found_by_content_and_peeked_alike(name: str, shared_data: Path, tmp_path: Path) -> None:
    path = tmp_path / "renamed.dat0"
    path.write_bytes((shared_data / name).read_bytes())
    head = path.read_bytes()[: formats.HEAD_BYTES]
    scores = sorted((fmt.sniff(head, path), fmt.NAME) for fmt in formats.known())
    assert scores[-1][1] == "SCP-ECG"
    assert scores[-1][0] > scores[-2][0]
    record, summary = formats.read(path), formats.peek(path)
    assert (summary.patient, summary.start_time) == (record.patient, record.acquisition.start_time)
    assert (summary.fs_hz, summary.duration_s) == (record.sampling_rate_hz, record.seconds)
    assert summary.n_leads == len(record.lead_names)


@pytest.mark.parametrize("name", [EXAMPLE, DEMO])
def test_biosig_reads_the_same_samples(name: str, shared_data: Path, tmp_path: Path) -> None:
    record = formats.read(shared_data / name)
    theirs = biosig_rows(shared_data / name, tmp_path)
    assert len(theirs) == (12 if name == EXAMPLE else 8)
    for label, row in theirs.items():  # DEMO has one sample less than it claims; biosig reads on
        assert np.abs(record.lead(label) * 1000 - row[: record.n_samples]).max() < 0.01
