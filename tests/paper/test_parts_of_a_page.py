"""A page painted in parts is the page painted whole, pixel for pixel: the canvas lays its tiles side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from ecgview.overlay import Curve, Overlay, Span
from ecgview.paper import layout, painter
from ecgview.paper.page import Page
from ecgview.paper.palette import PALETTES
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord

PX_PER_MM = 4.31  # logical, on no whole pixel
SIDE = 160


def _painted(page: Page, area: QRect, scale: float, overlay: Overlay | None, ink: painter.Ink) -> QImage:
    image = QImage(area.size(), QImage.Format.Format_RGB32)
    image.fill(0)
    with QPainter(image) as brush:
        brush.translate(-area.x(), -area.y())
        painter.paint_page(brush, page, PALETTES["red"], px_per_mm=scale, overlay=overlay, ink=ink)
    return image


def _whole_and_in_parts(page: Page, scale: float, overlay: Overlay | None = None) -> tuple[QImage, QImage]:
    painter.ensure_application()
    sheet = QRect(0, 0, round(page.width_mm * scale), round(page.height_mm * scale))
    whole = _painted(page, sheet, scale, overlay, painter.Ink(scale))
    joined, ink = QImage(sheet.size(), QImage.Format.Format_RGB32), painter.Ink(scale)
    with QPainter(joined) as brush:
        for y in range(0, sheet.height(), SIDE):
            for x in range(0, sheet.width(), SIDE):
                area = QRect(x, y, SIDE, SIDE) & sheet
                brush.drawImage(x, y, _painted(page, area, scale, overlay, ink))
    return whole, joined


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize("name", ["3x4+1R", "12x1"])
def test_the_parts_are_the_whole_at_every_device_ratio(
    name: str, ratio: float, pulse_record: EcgRecord
) -> None:
    page = layout.compose(pulse_record, PaperSettings(layout=name))
    whole, joined = _whole_and_in_parts(page, PX_PER_MM * ratio)
    assert joined == whole


def test_so_are_the_parts_of_a_page_with_more_samples_than_columns(pulse_record: EcgRecord) -> None:
    long = replace(pulse_record, signal=np.tile(pulse_record.signal, 3))
    page = layout.compose(long, PaperSettings(layout="12x1", speed_mm_per_s=12.5))
    whole, joined = _whole_and_in_parts(page, 1.7)
    assert joined == whole


def test_so_are_the_parts_of_a_page_with_gaps_and_an_overlay(pulse_record: EcgRecord) -> None:
    signal = pulse_record.signal.copy()
    signal[:, 1003:1017] = np.nan
    record = pulse_record.with_signal(signal)
    page = layout.compose(record, PaperSettings())
    fs_hz = record.sampling_rate_hz
    curves = tuple(
        Curve(lead, 0.1, fs_hz, signal[k] * 1.2, "reconstructed") for k, lead in enumerate(record.lead_names)
    )
    overlay = Overlay(
        spans=(
            Span(1.0, 2.2, "positive"),
            Span(3.1, 3.3, "annotation", ("II",), "a word that is far longer than its stretch"),
        ),
        curves=curves,
    )
    whole, joined = _whole_and_in_parts(page, PX_PER_MM, overlay)
    assert joined == whole
