"""ecgview's measurements in files of other formats: with the codes of M8, and said to be ecgview's."""

from dataclasses import replace
from pathlib import Path

import pytest

from ecgview import api, formats
from ecgview.about import VERSION
from ecgview.cli import main
from ecgview.formats import wfdb
from ecgview.record import DeviceMeasurement, DeviceReading
from ecgview.report import _head, json_report
from ecgview.report.content import gather
from ecgview.signal.device_values import WORDS
from ecgview.signal.measure.measured import Edit
from tests.synthetic_ecg import Made, record

DEVICE = DeviceReading((DeviceMeasurement("qt", 777.0, "ms"), DeviceMeasurement("p_duration", 99.0, "ms")))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    made = replace(record(Made(with_p=False), noise_mv=0.005), device_reading=DEVICE)
    return Path(wfdb.write(made, tmp_path / "source.hea"))


@pytest.mark.parametrize("suffix", ["dcm", "scp", "xml", "hea", "edf", "csv", "npz"])
def test_every_format_carries_them_and_says_whose_they_are(source: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"out.{suffix}"
    assert main(["convert", str(source), str(out), "--with", "measurements"]) == 0
    found = formats.read(out).device_reading
    own = {one.name: one.value for one in api.measure(source)}
    assert (found.ecgview, found.is_computed, found.edited) == (VERSION, True, False)
    assert found.whose == f"of ecgview {VERSION}, in the file"
    for name in ("heart_rate", "qrs", "qt", "qtcf", "qrs_axis"):
        assert found.value(name) == pytest.approx(own[WORDS[name]], abs=0.51), name
    assert found.value("p_duration") is None
    assert found.value("pr") is None
    assert len(found.qrs_s) > 8


def test_without_being_asked_the_devices_values_stay(source: Path, tmp_path: Path) -> None:
    assert main(["convert", str(source), str(tmp_path / "out.scp")]) == 0
    assert formats.read(tmp_path / "out.scp").device_reading.value("qt") == 777


def test_dicom_has_the_codes_of_m8(tmp_path: Path) -> None:
    import pydicom

    path = wfdb.write(record(Made(), noise_mv=0.005), tmp_path / "whole.hea")
    assert main(["convert", str(path), str(tmp_path / "out.dcm"), "--with", "measurements"]) == 0
    items = pydicom.dcmread(tmp_path / "out.dcm").WaveformAnnotationSequence
    concepts = [item.ConceptNameCodeSequence[0] for item in items if "NumericValue" in item]
    codes = {(one.CodingSchemeDesignator, one.CodeValue) for one in concepts}
    wanted = {"2:16184", "2:15872", "2:16156", "2:16160", "2:16000"}
    assert {("MDC", code) for code in wanted} <= codes


def test_wfdb_has_the_waves_of_every_beat(source: Path, tmp_path: Path) -> None:
    import wfdb as package

    path = wfdb.write(record(Made(), noise_mv=0.005), tmp_path / "whole.hea")
    assert main(["convert", str(path), str(tmp_path / "out.hea"), "--with", "measurements"]) == 0
    marks = package.rdann(str(tmp_path / "out"), "waves")
    beats = api.measured(path).beats
    assert marks.symbol.count("N") == len(beats)
    assert marks.symbol.count("p") == sum(beat.overall["P"] is not None for beat in beats)
    peaks = [at for at, symbol in zip(marks.sample, marks.symbol, strict=True) if symbol == "N"]
    assert peaks == [round(500 * beat.time_s) for beat in beats]
    first = marks.symbol.index("p")
    assert marks.symbol[first - 1 : first + 5] == ["(", "p", ")", "(", "N", ")"]


def test_scp_says_where_waves_lie_in_its_reference_beat(tmp_path: Path) -> None:
    path = wfdb.write(record(Made(), noise_mv=0.005), tmp_path / "whole.hea")
    assert main(["convert", str(path), str(tmp_path / "out.scp"), "--with", "measurements"]) == 0
    again = formats.read(tmp_path / "out.scp")
    told = dict(part.split(" ") for part in again.acquisition.extra["onsets and offsets"][:-3].split(", "))
    assert int(told["qrs_offset"]) - int(told["qrs_onset"]) == again.device_reading.value("qrs")
    assert int(told["t_offset"]) - int(told["qrs_onset"]) == pytest.approx(
        again.device_reading.value("qt"), abs=1
    )


@pytest.mark.parametrize("suffix", ["dcm", "scp", "xml", "hea", "edf", "csv", "npz"])
@pytest.mark.parametrize("named", [True, False])
def test_an_edited_value_is_marked_as_edited_and_by_whom_where_the_file_may_name_anybody(
    source: Path, tmp_path: Path, suffix: str, named: bool
) -> None:
    measured = api.measured(source)
    assert measured.median is not None
    t = measured.median.overall["T"]
    assert t is not None
    edit = Edit("T offset", t.offset_s + 0.03, by="Dr Li")
    (row,) = api.convert(
        [source], tmp_path / f"out.{suffix}", deidentify=not named, measurements=True, edits=[edit]
    )
    assert row.error == ""
    assert "measured by ecgview, edited by hand" in row.loss
    found = formats.read(row.target).device_reading
    qt = measured.value("QT")
    assert qt is not None
    assert found.value("qt") == pytest.approx(qt + 30, abs=1)
    assert (found.ecgview, found.edited, found.is_computed) == (VERSION, True, False)
    said = " ".join(one.text for one in found.statements)
    assert ("edited by hand by Dr Li: QT" in said) == named
    assert f"QT edited by hand: {qt + 30:g}, computed {qt:g} ms" in said


def test_a_file_of_ours_converted_again_stays_ours_though_words_go(source: Path, tmp_path: Path) -> None:
    (first,) = api.convert([source], tmp_path / "a.scp", measurements=True)
    (again,) = api.convert([first.target], tmp_path / "b.dcm")
    assert formats.read(again.target).device_reading.ecgview == VERSION
    (anew,) = api.convert([again.target], tmp_path / "c.scp", measurements=True)
    assert f"without ecgview {VERSION}'s measurements" in anew.loss


def test_every_road_says_that_values_in_the_file_are_ecgviews(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (row,) = api.convert([source], tmp_path / "out.dcm", measurements=True)
    assert main(["info", row.target]) == 0
    told = capsys.readouterr().out
    assert f"measurements of ecgview {VERSION}, in the file: " in told
    assert "device's" not in told
    assert "of the device" not in told
    for with_device in (True, False):  # blind, too: it is no device's word
        content = gather(formats.read(row.target), with_device=with_device, identified=False)
        text = "\n".join(run.text for run in _head.measurements(content))
        assert f"(ecgview {VERSION}, in the file" in text
        assert "device" not in text
        assert json_report.as_dict(content)["device"]["measured_by"] == f"of ecgview {VERSION}, in the file"
    blind = gather(formats.read(source), with_device=False)
    assert json_report.as_dict(blind)["device"] is None
