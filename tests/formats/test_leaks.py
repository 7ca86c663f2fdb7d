"""P1, P2: names planted in every field of every format are in no de-identified export, its name or its metadata."""

import re
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pdfplumber
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot
from samples import RATE, SAMPLES, limb

from ecgview import api, formats
from ecgview.desktop import screenshot
from ecgview.desktop.app import open_window
from ecgview.desktop.dialogs import report as report_sheet
from ecgview.desktop.settings import Settings
from ecgview.review.annotation import Annotation
from ecgview.review.history import AddAnnotation, SetComment

WHO = ("PLANTEDNAME", "李雷植入")
DATES = (
    "1931-04-05",
    "19310405",
    "2024-02-29",
    "20240229",
    "05.04.31",
    "29.02.24",
    "04-05-1931",
    "29-FEB-2024",
)
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030", "iso2022_jp_2", "latin-1")


def _sample(name: str, who: str, folder: Path) -> Path:
    """Return an ECG of one second whose file and folder are named after the patient, too."""
    place = folder / f"ward {who}"
    place.mkdir()
    rows = np.random.default_rng(5).integers(-150, 150, (12, int(RATE[name]))).astype(np.int16)
    made = SAMPLES[name](place, limb(rows), who)
    if made.suffix in (".hea", ".npy", ".hdf5"):
        return made  # belongs to files beside it, by name
    return made.rename(place / f"{who}{made.suffix}")


def _texts(path: Path) -> list[bytes]:
    """Return a file's name, its bytes, and whatever is packed in it, unpacked."""
    raw = path.read_bytes()
    found = [path.name.encode(), raw]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            found += [archive.read(name) for name in archive.namelist()]
    if path.suffix == ".pdf":
        with pdfplumber.open(path) as document:
            found += [
                str(document.metadata).encode(),
                *((p.extract_text() or "").encode() for p in document.pages),
            ]
        found += [_inflated(part) for part in re.findall(rb"stream\r?\n(.*?)endstream", raw, re.DOTALL)]
    if path.suffix == ".png":
        with Image.open(path) as picture:
            found.append(repr(picture.info).encode())
    return found


def _inflated(part: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(part)
    except zlib.error:
        return b""


def _hits(folder: Path, words: tuple[str, ...]) -> list[str]:
    spelt = {
        raw
        for word in words
        for encoding in ENCODINGS
        if (raw := word.encode(encoding, "ignore")) and len(raw) >= len(word)
    }
    return [
        f"{path.name}: {raw!r}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for text in _texts(path)
        for raw in spelt
        if raw.lower() in text.lower()
    ]


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_no_planted_name_is_in_a_shared_export(name: str, who: str, tmp_path: Path) -> None:
    path = _sample(name, who, tmp_path)
    record = formats.read(path)
    known = repr((record.patient, record.acquisition, record.device_reading.statements))
    assert who[:4] in known, "the format keeps no name: nothing is tested"
    out = tmp_path / "out"
    for suffix in formats.writers():
        (row,) = api.convert([path], out / suffix[1:], suffix)
        assert not row.error, row.error
    for suffix in (".pdf", ".json"):
        api.report(path, out / f"report{suffix}", with_ai=False)
    assert sum(path.is_file() for path in out.rglob("*")) >= len(formats.writers()) + 2
    assert _hits(out, (who, *DATES)) == []


@pytest.mark.parametrize("suffix", sorted(formats.writers()))
def test_the_search_finds_a_name_that_was_not_removed(suffix: str, tmp_path: Path) -> None:
    """The other test would pass with a blind search."""
    for who in WHO:
        path = _sample("NumPy", who, tmp_path)
        (row,) = api.convert([path], tmp_path / "own", suffix, deidentify=False)
        assert not row.error, row.error
        assert _hits(tmp_path / "own", (who,))


def test_reports_and_pictures(tmp_path: Path, qapp: object) -> None:
    for number, who in enumerate(WHO):
        path = _sample("CSV", who, tmp_path)
        own, shared = tmp_path / f"own{number}", tmp_path / f"shared{number}"
        for folder in (own, shared):
            folder.mkdir()
        for suffix in (".pdf", ".json"):
            api.report(path, own / f"r{suffix}", with_ai=False, deidentify=False)
            assert _hits(own, (who,)), "the report of a patient's own names the patient"
            (own / f"r{suffix}").unlink()
        (row,) = api.convert([path], shared / "ecg", "csv")
        screenshot.take(Path(row.target), shared / "window.png", "read", (900, 700), "light", None)
        assert _hits(shared, (who, *DATES)) == []


@pytest.mark.parametrize("who", WHO)
def test_what_the_window_exports_by_default(who: str, tmp_path: Path, qtbot: QtBot) -> None:
    path = _sample("DICOM", who, tmp_path)
    settings = Settings(None)
    settings.set("reader.name", "Reader One")
    window = open_window(settings=settings, store_path=tmp_path / "window.db")
    workspace = window.workspace

    def rest() -> None:
        qtbot.waitUntil(lambda: workspace.jobs.n_alive == 0 and workspace.reading.keeping.is_idle)

    try:
        with qtbot.waitSignal(workspace.ecg.measured):
            workspace.ecg.open_paths([path])
        rest()
        typed = f"as in {who}, seen 1931-04-05, {who.upper()} again"
        workspace.steps.apply(SetComment(typed))
        workspace.steps.apply(AddAnnotation(Annotation(("V1",), 0.2, 0.4, "", f"broad, {who}")))
        workspace.steps.commit_first_read()
        rest()
        own, shared = tmp_path / "own", tmp_path / "shared"
        for folder, identified in ((own, True), (shared, False)):
            folder.mkdir()
            for suffix in (".pdf", ".json", ".ecgview"):
                report_sheet.write(workspace, folder / f"ecg-00001{suffix}", identified=identified)
                rest()
            assert len(list(folder.iterdir())) == 3, window.messages.text.text()
        assert {hit.split(":")[0] for hit in _hits(own, (who,))} >= {"ecg-00001.json", "ecg-00001.pdf"}
        assert _hits(shared, (who, *DATES)) == []
        with pdfplumber.open(shared / "ecg-00001.pdf") as document:
            text = " ".join(page.extract_text() for page in document.pages)
        assert "ecg-00001" in text
        assert "[removed]" in text
    finally:
        window.close()
        window.deleteLater()


def test_a_study_name_that_tells_who_it_is_is_not_printed(tmp_path: Path) -> None:
    path = _sample("CSV", "PLANTEDNAME", tmp_path)
    out = api.report(path, tmp_path / "PLANTEDNAME.json", with_ai=False)
    assert "PLANTEDNAME" not in out.read_text(encoding="utf-8")
