"""`ecgview explain FILE --statement CODE | --lef`: the sums hold in what is written, and wrong questions are told."""

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from tiny_models import classifier

from ecgview import resources
from ecgview.cli import main
from ecgview.formats import wfdb
from ecgview.models.cards import ModelCard
from ecgview.record import EcgRecord

__all__ = ["classifier"]
KEYS = {
    "leads",
    "segment_s",
    "map",
    "share",
    "remainder",
    "not_on_page",
    "completeness",
    "occlusion_agreement",
    "insertion_minus_deletion",
    "amplitude",
    "verdict",
    "model",
    "method",
    "legend",
    "research_only",
}


@pytest.fixture
def ecg(tmp_path: Path, pulse_record: EcgRecord) -> Path:
    """Return a record on disk."""
    return Path(wfdb.write(pulse_record, tmp_path / "one"))


def _asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main(["explain", *arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_a_statement_is_mapped_checked_and_its_sums_hold(
    classifier: ModelCard, ecg: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = _asked(capsys, str(ecg), "--statement", "NORM")
    assert set(found) >= KEYS
    cells, here = np.array(found["map"]), np.array(found["on_page"])
    assert cells.shape == here.shape == (len(found["leads"]), 200)  # type: ignore[arg-type]
    assert cells.sum() + found["remainder"] == pytest.approx(found["share"], abs=1e-4)
    on_page = cells[here].sum()
    assert on_page + found["remainder"] + found["not_on_page"] == pytest.approx(found["share"], abs=1e-4)
    assert here.sum() == 11 * 50 + 200  # 3x4+1R: 2.5 s of each lead, lead II all along
    assert found["verdict"] == "no failure found" or str(found["verdict"]).startswith("failed: ")
    assert found["occlusion_agreement"] is not None
    assert "not proof of cause" in str(found["legend"])
    quick = _asked(capsys, str(ecg), "--statement", "NORM", "--no-check")
    assert (quick["verdict"], quick["occlusion_agreement"]) == ("not checked", None)
    assert quick["map"] == found["map"]


def test_lef_is_mapped_whole_and_by_predictor(ecg: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(resources.path("demo") / "lbbb.hea")
    shares = _lef(capsys, path)
    whole = _asked(capsys, path, "--lef", "--no-check")
    assert whole["target"] == ""
    assert whole["share"] == pytest.approx(sum(shares.values()), abs=1e-6)
    one = _asked(capsys, path, "--lef", "--predictor", "1-P(NORM)", "--no-check")
    assert one["share"] == pytest.approx(shares["1-P(NORM)"], abs=1e-9)
    for found in (whole, one):
        assert np.sum(found["map"]) + found["remainder"] == pytest.approx(found["share"], abs=1e-4)
        assert found["unit"] == "deviations"


def _lef(capsys: pytest.CaptureFixture[str], path: str) -> dict[str, float]:
    assert main(["lef", path, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    return {item["predictor"]: item["contribution"] for item in found["contributions"]}


def test_arrays_are_read_without_unpickling_and_the_picture_is_the_page(
    classifier: ModelCard, ecg: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "map.npz"
    found = _asked(capsys, str(ecg), "--statement", "NORM", "--no-check", "-o", str(out))
    with np.load(out, allow_pickle=False) as arrays:
        assert arrays["map"].dtype == np.float32
        np.testing.assert_allclose(arrays["map"], np.array(found["map"]), atol=1e-6)
        assert arrays["leads"].tolist() == found["leads"]
        assert float(arrays["share"]) == found["share"]
        assert json.loads(str(arrays["about"]))["verdict"] == "not checked"
    picture = tmp_path / "map.png"
    _asked(capsys, str(ecg), "--statement", "NORM", "--no-check", "-o", str(picture))
    other = tmp_path / "other.png"
    _asked(capsys, str(ecg), "--statement", "IMI", "--no-check", "-o", str(other))
    first, second = QImage(str(picture)), QImage(str(other))
    assert first.width() > 2000
    assert first.size() == second.size()
    assert first != second


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{ecg}", "--statement", "NROM"], "has no statement 'NROM'; expected NORM"),
        (["{ecg}", "--statement", "AFIB"], "no map of AFIB is offered"),
        (["{ecg}", "--statement", "NORM", "--lef"], "one thing is mapped at a time"),
        (["{ecg}", "--predictor", "P(NORM)"], "--predictor goes with --lef"),
        (["{ecg}", "--lef", "--predictor", "P(X)"], "has no predictor 'P(X)'"),
        (["{ecg}", "--statement", "NORM", "--with", "contributions"], "two questions"),
        (["--statement", "NORM"], "FILE is missing"),
        (["{ecg}", "--with", "contributions", "-o", "{out}.png"], "written as .json"),
        (["{ecg}", "--mask", "1-2", "-o", "{out}.npz"], "written as .json"),
        (["{ecg}", "--statement", "NORM", "--model", "random-kernels-ptbxl"], "no gradient"),
    ],
)
def test_what_cannot_be_mapped_is_told_and_nothing_is_written(
    classifier: ModelCard,
    ecg: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    before = sorted(tmp_path.rglob("*.???"))
    filled = [part.format(ecg=ecg, out=tmp_path / "out") for part in arguments]
    assert main(["explain", *filled]) == 1
    said = capsys.readouterr()
    assert words in said.err
    assert "Traceback" not in said.err
    assert [path for path in sorted(tmp_path.rglob("*.???")) if "home" not in path.parts] == [
        path for path in before if "home" not in path.parts
    ]


def test_a_rhythm_is_mapped_anyway_with_the_reason_in_its_legend(
    classifier: ModelCard, ecg: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = _asked(capsys, str(ecg), "--statement", "AFIB", "--anyway", "--no-check")
    assert "intervals between beats" in str(found["legend"])


def test_a_map_and_a_mask_are_answered_at_once(
    classifier: ModelCard, ecg: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = _asked(capsys, str(ecg), "--statement", "NORM", "--no-check", "--mask", "1.0-1.4")
    assert found["target"] == "NORM"
    assert len(found["mask"]["statements"]) == 71  # type: ignore[index,call-overload]


def test_a_report_refuses_a_map_that_is_not_offered_and_shows_it_anyway_with_the_reason(
    classifier: ModelCard, ecg: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.json"
    asked = ["report", str(ecg), "-o", str(out), "--map", "AFIB", "--model", classifier.id]
    assert main(asked) == 1
    said = capsys.readouterr().err
    assert "no map of AFIB is offered" in said
    assert "intervals between beats" in said
    assert not out.exists()
    assert main([*asked, "--anyway"]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))["on_trace"]
    assert "intervals between beats" in found["legend"]
    assert "intervals between beats" in found["doubt"]
