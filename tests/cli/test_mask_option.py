"""`ecgview explain FILE --mask SPEC`: what it prints, writes and refuses."""

import json
from pathlib import Path

import pytest

from ecgview.cli import main
from ecgview.formats import wfdb
from ecgview.record import EcgRecord


@pytest.fixture
def ecg(tmp_path: Path, pulse_record: EcgRecord) -> Path:
    """Return a record on disk."""
    return Path(wfdb.write(pulse_record, tmp_path / "one"))


def test_every_number_stands_before_and_after_against_chance(
    ecg: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    assert main(["explain", str(ecg), "--mask", "2.0-2.4@v1; lead:aVL", "--json", "-o", str(out)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads(out.read_text())
    assert told["hidden"]["spans"] == [{"start_s": 2.0, "end_s": 2.4, "leads": ["V1"]}]
    assert told["hidden"]["leads"] == ["aVL"]
    assert told["compared_with"] == "20 random spans of 0.40 s, with aVL hidden as well"
    assert told["warnings"][0] == "outside training: without lead aVL"
    assert len(told["statements"]) == 71
    for one in [*told["statements"], told["lef"]]:
        assert one["difference"] == pytest.approx(one["after"] - one["before"])
        assert one["chance"]["words"] == f"larger than {one['chance']['larger_than']} of 20 random spans"
        assert one["chance"]["smallest"] <= one["chance"]["largest"]
    assert max(abs(one["difference"]) for one in told["statements"]) > 0.001
    assert told["lef_model"]["training_data"]


def test_the_text_says_the_same_in_words(ecg: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(ecg), "--mask", "2.0-2.42", "--fill", "autoencoder", "--seed", "3"]) == 0
    said = capsys.readouterr().out
    assert "hidden 2.00-2.42 s in all leads; filled by the autoencoder" in said
    assert "compared with 20 random spans of 0.42 s" in said
    assert "the autoencoder fills whole segments of 50 ms in all leads" in said
    assert "LEF index, deviations: " in said
    assert "residual-ptbxl 1.0 in fp32, calibrated on 3,382 ECGs of PTB-XL folds 1-8, out of fold" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--mask", "2.0-2.4; 3-x"], "part 2 of the mask"),
        (["--mask", ""], "part 1 of the mask"),
        (["--mask", "2-3@V9"], "there is no lead V9"),
        (["--mask", "11-12"], "within 0 to 10 s"),
        (["--mask", "0-10", "--fill", "autoencoder"], "cannot fill everything"),
        (["--mask", "2-3", "--with", "contributions"], "two questions"),
        (["--mask", "2-3", "--seed", "-1"], "negative"),
        (["--mask", "2-3", "--model", "lef-zero-shot"], "no classifier"),
        (["--fill", "flat"], "--fill belongs to --mask"),
    ],
)
def test_what_cannot_be_asked_is_told(
    ecg: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert main(["explain", str(ecg), *options]) == 1
    assert said in capsys.readouterr().err


def test_a_mask_needs_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--mask", "2-3"]) == 1
    assert "FILE is missing" in capsys.readouterr().err


def test_nothing_takes_the_place_of_the_ecg(ecg: Path, tmp_path: Path) -> None:
    own = tmp_path / "array.json"
    own.write_text("{}")
    assert main(["explain", str(own), "--mask", "2-3", "-o", str(own)]) == 1
    assert own.read_text() == "{}"
