"""Every bad file gives one clear line and exit code 1; nothing crashes, nothing executes."""

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from ecgview import formats
from ecgview.cli import main
from ecgview.formats import wfdb
from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord


class _Evil:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.target}",)


def _written(folder: Path, record: EcgRecord, name: str = "ecg") -> Path:
    return wfdb.write(record, folder / name)


def _bad_truncated(folder: Path, record: EcgRecord) -> tuple[Path, str]:
    header = _written(folder, record)
    data = folder / "ecg.dat"
    data.write_bytes(data.read_bytes()[:1000])
    return header, "cut short"


def _bad_outside(folder: Path, record: EcgRecord) -> tuple[Path, str]:
    header = _written(folder, record)
    header.write_text(header.read_text().replace("ecg.dat", "../../etc/passwd"))
    return header, "outside the record's folder"


def _bad_symlink(folder: Path, record: EcgRecord) -> tuple[Path, str]:
    header = _written(folder, record)
    (folder / "ecg.dat").unlink()
    (folder / "ecg.dat").symlink_to("/etc/passwd")
    return header, "outside the record's folder"


def _bad_zero_length(folder: Path, record: EcgRecord) -> tuple[Path, str]:
    path = folder / "empty.hea"
    path.touch()
    return path, "empty"


def _bad_all_nan(folder: Path, record: EcgRecord) -> tuple[Path, str]:
    path = folder / "nan.npz"
    np.savez(path, signal=np.full((12, 5000), np.nan), fs_hz=500.0, lead_names=np.array(STANDARD_12))
    return path, "no valid sample"


def _bad_pickle(folder: Path, record: EcgRecord) -> tuple[Path, str]:
    path = folder / "evil.npy"
    path.write_bytes(pickle.dumps(_Evil(folder / "executed")))
    return path, "pickled objects are refused"


def _bad_picture(folder: Path, record: EcgRecord) -> tuple[Path, str]:
    path = folder / "scan.pdf"
    path.write_bytes(b"%PDF-1.4 not an ecg")
    return path, "scanned or photographed ECGs are out of scope"


BAD = [
    _bad_truncated,
    _bad_outside,
    _bad_symlink,
    _bad_zero_length,
    _bad_all_nan,
    _bad_pickle,
    _bad_picture,
]


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__.removeprefix("_bad_"))
@pytest.mark.parametrize("command", ["info", "measure", "classify", "lef"])
def test_a_bad_file_is_told_in_one_line(
    make: object, command: str, tmp_path: Path, pulse_record: EcgRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    path, words = make(tmp_path, pulse_record)  # type: ignore[operator]
    assert main([command, str(path)]) == 1
    told = capsys.readouterr()
    lines = [line for line in told.err.splitlines() if line.startswith("ecgview:")]
    assert len(lines) == 1
    assert words in lines[0]
    assert path.stem in lines[0]
    assert "Traceback" not in told.err
    assert told.out == ""
    assert not (tmp_path / "executed").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("command", ["info", "measure"])
def test_a_pipe_is_not_waited_for(
    command: str, tmp_path: Path, pulse_record: EcgRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe.hea")
    assert main([command, str(tmp_path / "pipe.hea")]) == 1
    assert "pipe.hea: is a pipe, not a file" in capsys.readouterr().err
    named = _written(tmp_path, pulse_record, "one")
    named.with_suffix(".dat").unlink()
    os.mkfifo(named.with_suffix(".dat"))
    assert main([command, str(named)]) == 1
    assert "names a pipe" in capsys.readouterr().err


def test_one_bad_file_does_not_stop_the_others(
    tmp_path: Path, pulse_record: EcgRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    good = _written(tmp_path, pulse_record, "good")
    bad, _ = _bad_pickle(tmp_path, pulse_record)
    assert main(["info", str(bad), str(good), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [Path(item["path"]).name for item in found] == ["good.hea"]


def _variant(record: EcgRecord, kind: str) -> EcgRecord:
    if kind == "one lead":
        return EcgRecord(record.lead("V3")[None], ("V3",), 500.0)  # of no lead set
    if kind == "5 s":
        return record.with_signal(record.signal[:, :2500])
    if kind == "1000 Hz":
        return EcgRecord(np.repeat(record.signal, 2, axis=1), record.lead_names, 1000.0)
    signal = record.signal.copy()
    signal[3, 1000:1200] = np.nan
    return record.with_signal(signal)


@pytest.mark.parametrize("kind", ["one lead", "5 s", "1000 Hz", "gaps"])
def test_unusual_records_open_and_say_what_is_unusual(
    kind: str, tmp_path: Path, pulse_record: EcgRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _written(tmp_path, _variant(pulse_record, kind))
    assert main(["info", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    kinds = {note["kind"] for note in found["warnings"]}
    if kind == "one lead":
        assert found["n_leads"] == 1
        assert len(found["missing_leads"]) == 11
    elif kind == "5 s":
        assert "duration" in kinds
    elif kind == "1000 Hz":
        assert found["fs_hz"] == 1000
        assert found["duration_s"] == 10
    else:
        assert "nan" in kinds
    assert main(["measure", str(path), "--json"]) == 0


def test_a_day_of_recording_opens_at_its_beginning(tmp_path: Path) -> None:
    n = 24 * 3600 * 500
    header = tmp_path / "day.hea"
    rows = "".join(f"day.dat 16 1000/mV 16 0 0 0 0 {name}\n" for name in STANDARD_12)
    header.write_text(f"day 12 500 {n}\n{rows}")
    with open(tmp_path / "day.dat", "wb") as file:
        rng = np.random.default_rng(0)
        file.write(rng.integers(-500, 500, 12 * 500 * 60, dtype=np.int16).tobytes())
        file.truncate(n * 12 * 2)  # the rest is a hole, not a gigabyte
    record = formats.read(header)
    assert record.signal.size <= wfdb.MOST_SAMPLES
    assert any("24.0 h recorded" in note.text for note in record.notes)


def test_a_checkpoint_with_code_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(pickle.dumps(_Evil(tmp_path / "executed")))
    assert main(["models", "import", str(path)]) == 1
    assert "weights.pth" in capsys.readouterr().err
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["reconstruct", "ECG", "-o", "OUT.npz", "--seed", "-1"], "seed"),
        (["reconstruct", "ECG", "-o", "OUT.npz", "--mask", "nan"], "hidden share"),
        (["reconstruct", "ECG", "-o", "NOWHERE.npz"], "no such folder"),
        (["report", "ECG", "-o", "OUT.doc"], "unknown kind of report"),
        (["report", "ECG", "-o", "NOWHERE.pdf", "--no-ai"], "no such folder"),
        (["report", "ECG", "-o", "OUT.pdf", "--layout", "13x1"], "unknown layout"),
        (["classify", "ECG", "--model", "nobody"], "no model named 'nobody'"),
        (["classify", "ECG", "--model", "lef-zero-shot"], "no classifier"),
        (["lef", "ECG", "--model", "mtecg-ptbxl"], "no LEF model"),
        (["models", "info", "nobody"], "no model named 'nobody'"),
        (["models", "import", "NOWHERE.pth"], "no such file"),
        (["evaluate", "mtecg-ptbxl", "FOLDER"], "no PTB-XL here"),
        (
            ["train", "mtecg", "pretrain", "--data", "FOLDER", "--out", "OUT", "--set", "epochs=many"],
            "epochs",
        ),
        (["train", "mtecg", "finetune", "--data", "FOLDER", "--out", "ECG/run"], "ecg.hea"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_told_in_one_line(
    words: list[str],
    told: str,
    tmp_path: Path,
    pulse_record: EcgRecord,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ecg = _written(tmp_path, pulse_record)
    (tmp_path / "empty").mkdir()
    places = {
        "ECG": str(ecg),
        "OUT": str(tmp_path / "out"),
        "NOWHERE": str(tmp_path / "no" / "where"),
        "FOLDER": str(tmp_path / "empty"),
    }
    for name, place in places.items():
        words = [word.replace(name, place) if word.startswith(name) else word for word in words]
    assert main(words) == 1
    said = capsys.readouterr()
    lines = [line for line in said.err.splitlines() if line.startswith("ecgview:")]
    assert len(lines) == 1
    assert told in lines[0]
    assert said.out == ""


@pytest.mark.parametrize("kind", ["one lead", "5 s", "gaps"])
def test_what_no_model_can_take_is_not_analysed_and_still_reported(
    kind: str, tmp_path: Path, pulse_record: EcgRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    reason = {"one lead": "leads not recorded", "5 s": "the record lasts 5.0 s", "gaps": "gaps"}[kind]
    path = _written(tmp_path, _variant(pulse_record, kind))
    said = main(["classify", str(path)]), capsys.readouterr()
    assert (said[0], f"Not analysed: {reason}" in said[1].out) == (3, True)
    assert main(["lef", str(path), "--json"]) == 3
    answer = json.loads(capsys.readouterr().out)
    assert (answer["result"], answer["value"], answer["contributions"]) == ("not analysed", None, [])
    assert reason in answer["reason"]
    assert main(["reconstruct", str(path), "-o", str(tmp_path / "out.npz")]) == 3
    assert reason in capsys.readouterr().err
    assert main(["report", str(path), "-o", str(tmp_path / "r.json"), "--json"]) == 3
    assert reason in json.loads(capsys.readouterr().out)["warnings"][0]
    prediction = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["prediction"]
    assert (prediction["analysed"], prediction["scores"]) == (False, [])
