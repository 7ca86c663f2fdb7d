"""The paper, pixel by pixel: pinned size, scale and fonts. ECGVIEW_UPDATE_GOLDEN=1 writes the pictures again."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from ecgview import formats, resources
from ecgview.overlay import Overlay
from ecgview.paper import layout, painter, palette
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord

HERE = Path(__file__).parent
PX_PER_MM = 3.0
SHARE_EQUAL = 0.995

CASES = {
    "3x4+1R-red": "three rows of four columns, a tick between columns, lead II below; pulses at the left",
    "3x4+3R-red": "V1, II and V5 as rhythm rows below the columns",
    "6x2-red": "six rows, limb leads left and chest leads right",
    "12x1-red": "twelve rows of ten seconds, labels clear of the traces",
    "6x2 Cabrera-grey": "aVL, I, -aVR, II, aVF, III from above; grey lines on white",
    "3x4-dark": "a light trace on dark paper, lines faint but there",
}
SIX = ("V3R", "V4R", "V5R", "V7", "V8", "V9")
FURTHER = {
    "18 leads 3x4+1R-red": "below the twelve a row of V3R V4R V5R and one of V7 V8 V9, then lead II",
    "Frank 3x4+1R-red": "below the twelve a row of X Y Z, then lead II",
    "Holter 3x4+1R-red": "ECG1 and ECG2 over the whole width, and the words why",
    "Holter 6x2 Cabrera-dark": "the same rows on dark paper: no layout is blank",
}


def _made(kind: str) -> EcgRecord:
    """Return a synthetic record with further leads, each the sum of two that are there."""
    record = formats.read(resources.path("demo", "normal.hea"))
    names = {"18 leads": SIX, "Frank": ("X", "Y", "Z"), "Holter": ("ECG1", "ECG2")}[kind]
    rows = np.stack([0.6 * record.signal[5 - k] + 0.5 * record.signal[6 + k] for k in range(len(names))])
    if kind == "Holter":
        return replace(record, signal=rows, lead_names=names)
    return replace(
        record, signal=np.concatenate([record.signal, rows]), lead_names=(*record.lead_names, *names)
    )


def _painted(record: EcgRecord, name: str, colours: str, overlay: Overlay | None = None) -> QImage:
    painter.ensure_application()
    page = layout.compose(record, PaperSettings(layout=name))
    image = QImage(
        int(page.width_mm * PX_PER_MM), int(page.height_mm * PX_PER_MM), QImage.Format.Format_RGB32
    )
    image.fill(QColor("#808080"))
    brush = QPainter(image)
    painter.paint_page(brush, page, palette.PALETTES[colours], px_per_mm=PX_PER_MM, overlay=overlay)
    brush.end()
    return image.convertToFormat(QImage.Format.Format_Grayscale8)


def _grey(image: QImage) -> np.ndarray:
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width()].astype(np.int16)


@pytest.mark.parametrize("case", sorted(CASES), ids=lambda case: case.replace(" ", "-"))
def test_the_paper_looks_as_approved(case: str) -> None:
    name, colours = case.rsplit("-", 1)
    _compare(case, _painted(formats.read(resources.path("demo", "normal.hea")), name, colours), CASES[case])


@pytest.mark.parametrize("case", sorted(FURTHER), ids=lambda case: case.replace(" ", "-"))
def test_further_leads_look_as_approved(case: str) -> None:
    kind = next(kind for kind in ("18 leads", "Frank", "Holter") if case.startswith(kind))
    name, colours = case.removeprefix(f"{kind} ").rsplit("-", 1)
    _compare(case, _painted(_made(kind), name, colours), FURTHER[case])


def _compare(case: str, image: QImage, words: str) -> None:
    path = HERE / f"{case.replace(' ', '-')}.png"
    if os.environ.get("ECGVIEW_UPDATE_GOLDEN"):
        assert image.save(str(path))
    approved = QImage(str(path)).convertToFormat(QImage.Format.Format_Grayscale8)
    assert (approved.width(), approved.height()) == (image.width(), image.height()), words
    equal = np.abs(_grey(approved) - _grey(image)) <= 1
    assert equal.mean() >= SHARE_EQUAL, f"{words}: {100 * (1 - equal.mean()):.2f} % of the pixels differ"


def test_another_gain_is_another_picture() -> None:
    record = formats.read(resources.path("demo", "normal.hea"))
    louder = record.with_signal(record.signal * 1.2)
    first, second = (_grey(_painted(r, "3x4+1R", "red")) for r in (record, louder))
    assert (np.abs(first - second) <= 1).mean() < SHARE_EQUAL


@pytest.mark.parametrize(
    ("px_per_mm", "ratio", "fine"), [(1.9, 1.0, False), (2.0, 1.0, True), (1.0, 2.0, True), (0.9, 2.0, False)]
)
def test_the_fine_grid_shows_wherever_a_millimetre_is_two_pixels(
    px_per_mm: float, ratio: float, fine: bool
) -> None:
    painter.ensure_application()
    record = formats.read(resources.path("demo", "normal.hea"))
    page = layout.compose(record, PaperSettings())
    image = QImage(600, 300, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    image.setDevicePixelRatio(ratio)
    brush = QPainter(image)
    painter.paint_page(brush, page, palette.RED, px_per_mm=px_per_mm)
    brush.end()
    colours = {QColor(image.pixel(x, 103)).name() for x in range(600)}
    assert (QColor(palette.RED.fine).name() in colours) is fine
