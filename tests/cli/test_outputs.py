"""No command writes over the ECG that it read, nor over a file that is read with it."""

import shutil
from pathlib import Path

import pytest

from ecgview import api, resources
from ecgview.cli import main
from ecgview.desktop import screenshot
from ecgview.training import evaluation


@pytest.fixture
def ecg(tmp_path: Path) -> Path:
    """Return a copy of a demonstration record."""
    folder = tmp_path / "ward"
    folder.mkdir()
    for suffix in (".hea", ".dat"):
        shutil.copy(resources.path("demo", f"normal{suffix}"), folder)
    return folder / "normal.hea"


def code_of(*words: str | Path) -> int:
    """Return the exit code of a command line."""
    try:
        return main([str(word) for word in words])
    except SystemExit as left:
        return int(left.code or 0)


@pytest.mark.parametrize("suffix", [".hea", ".dat"])
@pytest.mark.parametrize(
    "words",
    [
        ("explain", "FILE", "--with", "contributions", "-o", "OUT"),
        ("reconstruct", "FILE", "-o", "OUT"),
        ("screenshot", "FILE", "-o", "OUT"),
        ("report", "FILE", "-o", "OUT"),
        ("score", "FOLDER", "-o", "OUT"),
        ("evaluate", "mtecg-ptbxl", "FOLDER", "--csv", "OUT"),
    ],
    ids=lambda words: words[0],
)
def test_an_output_in_the_place_of_the_record_is_refused(
    ecg: Path, words: tuple[str, ...], suffix: str
) -> None:
    before = {path.name: path.read_bytes() for path in ecg.parent.iterdir()}
    stands_for = {"FILE": ecg, "FOLDER": ecg.parent, "OUT": ecg.with_suffix(suffix)}
    assert code_of(*(stands_for.get(word, word) for word in words)) in (1, 2)
    assert {path.name: path.read_bytes() for path in ecg.parent.iterdir()} == before


def test_an_array_is_not_replaced_by_what_was_made_of_it(
    ecg: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    array = ecg.with_suffix(".npz")
    assert code_of("convert", ecg, array) == 0
    before = array.read_bytes()
    assert code_of("reconstruct", array, "-o", array) == 1
    assert "take the place of the ECG" in capsys.readouterr().err
    assert array.read_bytes() == before


def test_what_is_read_with_an_ecg_is_kept(ecg: Path) -> None:
    table = ecg.with_suffix(".csv")
    assert code_of("convert", ecg, table) == 0
    beside = table.with_suffix(".json")
    beside.write_text("{}", encoding="utf-8")
    assert code_of("report", table, "-o", beside, "--no-ai") == 1
    assert beside.read_text(encoding="utf-8") == "{}"


@pytest.mark.parametrize(
    "words", [("FILE",), ("FILE", "-o", "x.json"), ("--with", "contributions"), ("--model", "x")]
)
def test_half_an_order_of_an_explanation_is_refused(
    ecg: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of("explain", *(ecg if word == "FILE" else word for word in words)) == 1
    assert "is missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("explain", "FILE", "--statement", "NORM", "-o", "OUT.json"),
        ("explain", "FILE", "--lef", "-o", "OUT.npz"),
        ("explain", "FILE", "--with", "contributions", "-o", "OUT.json"),
        ("explain", "FILE", "--mask", "1.0-1.4", "-o", "OUT.json"),
        ("report", "FILE", "-o", "OUT.pdf"),
        ("reconstruct", "FILE", "-o", "OUT.npz"),
        ("screenshot", "FILE", "-o", "OUT.png"),
        ("evaluate", "mtecg-ptbxl", "DATA", "-o", "OUT.json"),
        ("evaluate", "mtecg-ptbxl", "DATA", "--csv", "OUT.csv"),
        ("evaluate", "mtecg-ptbxl", "DATA", "--attribution", "DATA", "--pdf", "OUT.pdf"),
        ("evaluate", "--judgements", "-o", "OUT.json"),
    ],
)
def test_a_missing_folder_is_told_before_anything_is_computed(
    ecg: Path,
    tmp_path: Path,
    words: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_args: object, **_options: object) -> None:
        raise AssertionError("it was read before")

    monkeypatch.setattr(api, "open_ecg", never)
    monkeypatch.setattr(screenshot, "take", never)
    monkeypatch.setattr(evaluation, "evaluate", never)
    out = tmp_path / "missing" / "x"
    named = {"FILE": str(ecg), "DATA": str(tmp_path)}
    assert code_of(*(named.get(word, word.replace("OUT", str(out))) for word in words)) == 1
    said = capsys.readouterr().err
    assert str(out.parent) in said
    assert "no such folder" in said
    assert not out.parent.exists()
