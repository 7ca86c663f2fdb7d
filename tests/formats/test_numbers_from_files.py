"""Numbers from files are right, or doubted aloud: rates, gains, quantities, names, one bad lead, headers, errors."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from case_files import CASES, MISSING_SEGMENT, PLAIN_WFDB, SHARED, Case, beats, edf_file, wfdb_file

from ecgview import formats
from ecgview.cli import main
from ecgview.counts import counted
from ecgview.errors import FormatError
from ecgview.formats.kit.quantities import is_no_ecg, leads_of_one_rate, millivolts_per
from ecgview.leads import canonical_name, canonical_names, distinct_names
from ecgview.record import GAIN_DOUBT, EcgRecord
from ecgview.report.convert import Order, convert


def _check(path: Path, case: Case, capsys: pytest.CaptureFixture[str]) -> EcgRecord:
    """Check what is read, what `info` says and what a worklist shows before; return the record."""
    record = formats.read(path)
    assert record.lead_names == case.leads
    assert record.sampling_rate_hz == pytest.approx(case.fs_hz)
    assert bool(record.gain_doubt) == case.gain_doubt
    told = " | ".join(note.text for note in record.notes)
    assert case.note in told
    assert main(["info", str(path)]) == 0
    printed = capsys.readouterr().out
    assert f"{counted(len(case.leads), 'lead')}: {' '.join(case.leads)}" in printed
    assert f"at {case.fs_hz:g} Hz" in printed
    assert case.note in printed
    assert (GAIN_DOUBT in printed) == case.gain_doubt
    listed = formats.peek(path)
    assert listed.n_leads == len(case.leads) + case.unseen
    assert listed.fs_hz == pytest.approx(case.fs_hz)
    assert listed.duration_s is None or listed.duration_s == pytest.approx(record.seconds)
    return record


@pytest.mark.parametrize("kind", sorted(CASES))
def test_a_made_file_opens_as_what_it_is(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[kind]
    record = _check(case.make(tmp_path), case, capsys)
    assert record.seconds == pytest.approx(10)
    assert (np.nanmax(record.signal, axis=1) > 0).any()


@pytest.mark.parametrize("name", sorted(SHARED))
def test_a_reported_file_opens_as_what_it_is(
    name: str, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shared_data / "cases" / name
    if not path.exists():
        pytest.skip("real ECGs are not on this machine (shared data)")
    leads, rate, note, doubt = SHARED[name]
    _check(path, Case(lambda at: at, leads, rate, note, doubt), capsys)


def test_signals_of_several_rates_keep_their_own_samples(tmp_path: Path) -> None:
    record = formats.read(CASES["several rates, WFDB"].make(tmp_path))
    for place, name in enumerate(("I", "V5")):
        assert np.allclose(record.lead(name), beats(place, 400) / 200, atol=1e-6)
    edf = formats.read(CASES["several rates, EDF"].make(tmp_path))
    assert np.allclose(edf.lead("V2"), beats(1, 500) * 1e-4, atol=1e-6)


def test_the_twelve_leads_keep_their_rate_among_more_of_another() -> None:
    names = [*(f"V{n}" for n in range(1, 7)), "I", "II", *(f"extra {n}" for n in range(20))]
    kept, notes = leads_of_one_rate(names, [500.0] * 8 + [1000.0] * 20)
    assert kept == list(range(8))
    assert "extra 19 (1000 Hz)" in notes[0].text
    assert leads_of_one_rate(names, [500.0] * 28) == (list(range(28)), [])


def test_files_of_other_quantities_only_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = PLAIN_WFDB(tmp_path, ["ABP", "RESP"], "10/mmHg")
    assert main(["info", str(path)]) == 1
    assert "made.hea: signals: holds no lead in volts" in capsys.readouterr().err
    with pytest.raises(FormatError, match="holds no ECG"):
        formats.read(edf_file(tmp_path, ["Flow", "SpO2"], [500, 500], units=["l/min", "%"]))
    np.savez(
        tmp_path / "o.npz", signal=np.ones((1, 500)), fs_hz=100.0, lead_names=np.array(["PLETH"]), units="mV"
    )
    with pytest.raises(FormatError, match="no unit of a voltage"):
        formats.read(tmp_path / "o.npz")


def test_one_rule_for_names_that_occur_twice() -> None:
    names, told = distinct_names(["ECG", "ECG", "ECG 2", "II", "Lead II", ""])
    assert names == ["ECG", "ECG 3", "ECG 2", "II", "II 2", "signal 6"]
    assert told == [
        "2 signals are named ECG: shown as ECG, ECG 3",
        "2 signals are named II: shown as II, II 2",
    ]


@pytest.mark.parametrize(
    ("lead", "spellings"),
    [
        ("II", "II|ii|Lead II|ECG lead II|ECG II|EKG II|II ECG|MDC_ECG_LEAD_II|D2|DII|II-Ref|ECG II-REF|\u2161|MLII"),
        ("II", "LII|ECG_II_filtered|Limb II|Ch2 II|channel 2: II"),
        ("II", "Ableitung II|d\u00e9rivation DII|derivaci\u00f3n D2|II (mV)|Einthoven II"),
        ("II", "II\u5bfc\u8054|\u7b2c\u2161\u8a98\u5c0e"),
        ("I", "\u043e\u0442\u0432\u0435\u0434\u0435\u043d\u0438\u0435 I|ECG_I|Lead.I|D1|i|I [uV]|\u5fc3\u7535\u56fe I"),
        ("aVR", "avr|AVR|aVR.|a.V.R|aV R|ECG aVR(2)|\u0430VR|Goldberger aVR"),
        ("V3", "V03|Chest V3|precordial V3|v3|V 3|V-3|V_3|EKG V3|ECG C3|leadv3|\u80f8\u5bfc\u8054V3|V3 mV"),
        ("Z", "z|VZ|Frank Z"),
    ],
)  # fmt: skip
def test_usual_spellings_are_known(lead: str, spellings: str) -> None:
    for one in spellings.split("|"):
        assert canonical_name(one) == lead, one


@pytest.mark.parametrize(
    "name",
    [
        "-aVR",
        "ECG -aVR",
        "I-II",
        "V1-V2",
        "ECG",
        "ECG 1",
        "Lead 1",
        "V",
        "Frank I",
        "VR",
        "MCL1",
        "C3",
        "V10",
    ],
)
def test_what_is_another_lead_keeps_its_name(name: str) -> None:
    assert canonical_name(name) == name


def test_iec_names_are_chest_leads_beside_limb_leads_only() -> None:
    chest = [f"C{n}" for n in range(1, 7)]
    assert canonical_names(["I", "II", *chest])[2:] == [f"V{n}" for n in range(1, 7)]
    assert canonical_names(["C3", "C4", "I", "II"])[:2] == ["C3", "C4"]  # of an EEG


def test_what_is_no_ecg_and_which_units_are_volts() -> None:
    for name in (
        "RESP",
        "PLETH",
        "ABP",
        "CVP",
        "SpO2",
        "UC",
        "Resp(sum)",
        "PPG_2",
        "Nasal pressure",
        "EEG C3-A2",
    ):
        assert is_no_ecg(name), name
    for name in ("II", "aVR", "V", "MCL1", "FECG", "Abdomen_1", "ES", "CM5", "signal 3", "-aVR", "ECG 12"):
        assert not is_no_ecg(name), name
    assert [millivolts_per(one) for one in ("mV", "uV", "\u00b5V", "[uV]", "V", "millivolts")] == [
        1.0, 1e-3, 1e-3, 1e-3, 1e3, 1.0,
    ]  # fmt: skip
    assert millivolts_per("mVolt") == 1.0
    assert {millivolts_per(one) for one in ("microV", "MicroVlt", "\u00b5Volts")} == {1e-3}
    assert all(millivolts_per(one) is None for one in ("mmHg", "NU", "pm", "bpm", "%", "degC", ""))


@pytest.mark.parametrize(
    ("comment", "age", "sex"),
    [
        ("# 69 M 1085 1629 x1", 69.0, "male"),
        ("# 32 F 1085 1629 x1", 32.0, "female"),
        ("# <age>: 81  <sex>: F  <diagnoses> (none)", 81.0, "female"),
        ("# Age: 43\n# Sex: Male", 43.0, "male"),
        ("# age = 63y\n# gender: Woman", 63.0, "female"),
        ("# age (years): 55\n# gender: f", 55.0, "female"),
        ("# Age: 6 months\n# Sex: M", 0.5, "male"),
        ("#Age: NaN\n#Sex: Unknown", None, ""),
        ("# 1085 1629 x1", None, ""),
    ],
)
def test_age_and_sex_of_old_comments(comment: str, age: float | None, sex: str, tmp_path: Path) -> None:
    path = PLAIN_WFDB(tmp_path, ["II"], comments=f"{comment}\n")
    assert (formats.read(path).patient.age_years, formats.read(path).patient.sex) == (age, sex)
    assert formats.peek(path).patient == formats.read(path).patient


def test_a_header_never_leads_out_of_its_folder(tmp_path: Path) -> None:
    path = PLAIN_WFDB(tmp_path, ["II"])
    text = path.read_text()
    for bad in ("../made.dat", "a/../../made.dat", "/etc/passwd", "~/made.dat", "..\\made.dat"):
        path.write_text(text.replace("made.dat", bad))
        with pytest.raises(FormatError, match="outside the record's folder"):
            formats.read(path)
    for own in ("./made.dat", "records100/made.dat", "set\\made.dat"):
        path.write_text(text.replace("made.dat", own))
        assert formats.read(path).n_samples == 2500
    path.write_text(text.replace("made.dat", "elsewhere/other.dat"))
    with pytest.raises(FormatError, match="the signal file is missing"):
        formats.read(path)


@pytest.mark.parametrize("gain", ["nan/mV", "inf/mV", "0/uV", "0(0)/V"])
def test_a_gain_that_is_none_is_a_doubt_and_its_unit_says_nothing(gain: str, tmp_path: Path) -> None:
    path = PLAIN_WFDB(tmp_path, ["II", "V5"])
    right = formats.read(path).signal
    path.write_text(path.read_text().replace("200/mV", gain))
    record = formats.read(path)
    assert record.gain_doubt
    assert np.allclose(record.signal, right)
    path.write_text(path.read_text().replace(gain, "0/mmHg", 1))
    assert formats.read(path).lead_names == ("V5",)  # no voltage, gain or none


def test_a_layout_header_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "made_layout.hea"
    path.write_text("made_layout 2 250 0\n~ 0 200/mV 16 0 0 0 0 II\n~ 0 200/mV 16 0 0 0 0 V5\n")
    with pytest.raises(FormatError, match="the layout of a record of segments"):
        formats.read(path)


def test_a_header_with_an_iso_date_keeps_it(tmp_path: Path) -> None:
    path = PLAIN_WFDB(tmp_path, ["II"])
    path.write_text(path.read_text().replace("250 2500", "250 2500 09:15:00 2026-03-14"))
    assert formats.read(path).acquisition.start_time == "2026-03-14T09:15:00"


def test_length_zero_is_the_length_of_the_file(tmp_path: Path) -> None:
    path = CASES["length 0, WFDB"].make(tmp_path)
    record = formats.read(path)
    assert record.n_samples == 2500
    assert record.acquisition.start_time == "1999-04-03T07:08:09"
    assert formats.peek(path).duration_s == 10.0


def test_an_error_shows_the_users_own_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    master = MISSING_SEGMENT(tmp_path)
    assert main(["info", str(master)]) == 1
    said = capsys.readouterr().err
    assert f"{tmp_path}" in said
    assert "gone.dat" in said
    archive = tmp_path / "ward.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in ("master.hea", "made.hea", "made.dat", "gone.hea"):
            file.write(tmp_path / name, f"ward/{name}")
    assert main(["info", f"{archive}#ward/master.hea"]) == 1
    packed = capsys.readouterr().err
    assert f"{archive}#ward/gone.hea" in packed
    for text in (said, packed):
        assert "ecgview-" not in text
    odd = wfdb_file(tmp_path, ["made.dat 516 200/mV 12 0 0 0 0 II"], [beats(0, 250)], "made 1 250 2500")
    with pytest.raises(FormatError) as caught:  # a broken FLAC file: the library's own words
        formats.read(odd)
    assert "ecgview-" not in str(caught.value)
    assert str(odd) in str(caught.value)


def test_info_lists_the_records_of_an_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    PLAIN_WFDB(tmp_path, ["II"])
    archive = tmp_path / "ward.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in ("made.hea", "made.dat"):
            for folder in ("a", "b"):
                file.write(tmp_path / name, f"{folder}/{name}")
    assert main(["info", str(archive)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{archive}  (archive of 2 records)",
        f"  {archive}#a/made.hea",
        f"  {archive}#b/made.hea",
    ]
    assert main(["info", "--json", str(archive)]) == 0
    members = json.loads(capsys.readouterr().out)["members"]
    assert main(["info", *members]) == 0
    assert main(["measure", str(archive)]) == 1
    assert f"one of them: {archive}#a/made.hea" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", sorted(formats.writers()))
def test_names_that_a_format_loses_are_told(suffix: str, tmp_path: Path) -> None:
    path = PLAIN_WFDB(tmp_path, ["ECG1", "ECG2"])
    for number, hidden in enumerate((True, False)):
        (row,) = convert([path], Order(tmp_path / f"out{number}", suffix, deidentify=hidden))
        assert not row.error
        assert formats.read(row.target).lead_names == ("ECG1", "ECG2")
        assert ("names of ECG1, ECG2 lost" in row.loss) == (suffix == ".scp")
        assert "lossless" not in row.loss or suffix != ".scp"
    (row,) = convert([PLAIN_WFDB(tmp_path, ["II", "Ward 7"])], Order(tmp_path / "named", suffix))
    assert "Ward 7 is lead 1" in row.loss
    assert not row.loss.startswith("lossless")
    assert formats.read(row.target).lead_names == ("II", "lead 1")


@pytest.mark.parametrize("suffix", sorted(formats.writers()))
@pytest.mark.parametrize("hidden", [True, False])
def test_an_unstated_calibration_stays_a_doubt_in_what_is_written(
    suffix: str, hidden: bool, tmp_path: Path
) -> None:
    path = CASES["no gain, WFDB"].make(tmp_path)
    (row,) = convert([path], Order(tmp_path / "out", suffix, deidentify=hidden))
    assert GAIN_DOUBT in row.loss
    assert formats.read(row.target).gain_doubt.startswith(GAIN_DOUBT)


@pytest.mark.parametrize("gain", ["1e300/mV", "1e999", "1e999/mV", "1e-320/mV", "-1e300(0)/mV", "1e-30"])
def test_a_gain_that_would_make_a_flat_line_is_refused(gain: str, tmp_path: Path) -> None:
    path = tmp_path / "one.hea"
    path.write_text(f"one 1 500 10\none.dat 16 {gain} 16 0 0 0 0 II\n")
    path.with_suffix(".dat").write_bytes(bytes(range(20)))
    with pytest.raises(FormatError, match="no converter has such a gain") as caught:
        formats.read(path)
    assert "one.hea: gain of II" in str(caught.value.where)
