"""The error of several random masks, averaged per segment, as one strip over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ecgview.desktop.panels.kit import tokens
from ecgview.results import whole_percentile

if TYPE_CHECKING:
    from ecgview.explain.reconstruction import ErrorOverTime

STRIP_PX = 46
AXIS_PX = 16


class ErrorStrip(QWidget):
    """Columns over time: the taller, the worse the model filled that stretch in, for its part of the beat if known.

    Args:
        found: what averaging over masks gave.
        seconds: length of the stretch that the segments cover.
    """

    def __init__(self, found: ErrorOverTime, seconds: float) -> None:
        super().__init__()
        errors = np.asarray(found.error_uv, dtype=np.float64)
        known = errors[np.isfinite(errors)]
        self._reach = float(known.max()) if len(known) and known.max() > 0 else 1.0
        self._heights = found.percentile / 100 if found.is_placed else errors / self._reach
        self._seconds = seconds
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Error over time, averaged over random masks")
        self.setAccessibleDescription(peak_sentence(found, seconds))

    def sizeHint(self) -> QSize:
        """Return the height of the strip with its axis."""
        return QSize(280, STRIP_PX + AXIS_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the columns and the axis."""
        with QPainter(self) as painter:
            painter.fillRect(QRectF(0, 0, self.width(), STRIP_PX), tokens.colour(self, "surface"))
            step = self.width() / max(len(self._heights), 1)
            for index, value in enumerate(self._heights):
                if np.isfinite(value):
                    tall = value * (STRIP_PX - 4)
                    column = QRectF(index * step, STRIP_PX - tall, max(step - 0.5, 0.8), tall)
                    painter.fillRect(column, tokens.colour(self, "reconstructed"))
            painter.fillRect(QRectF(0, STRIP_PX, self.width(), 1), tokens.colour(self, "faint"))
            painter.setFont(tokens.font(self.font(), "caption"))
            painter.setPen(tokens.colour(self, "secondary"))
            axis = QRectF(0, STRIP_PX + 1, self.width(), AXIS_PX - 1)
            painter.drawText(axis, Qt.AlignmentFlag.AlignLeft, "0 s")
            painter.drawText(axis, Qt.AlignmentFlag.AlignHCenter, f"{self._seconds / 2:g} s")
            painter.drawText(axis, Qt.AlignmentFlag.AlignRight, f"{self._seconds:g} s")


def peak_sentence(found: ErrorOverTime, seconds: float) -> str:
    """Return where the average error is largest, for its part of the beat if that is known, in words."""
    errors = np.asarray(found.error_uv, dtype=np.float64)
    if not np.isfinite(errors).any():
        return "No segment was hidden by any mask."
    peak = int(np.nanargmax(found.percentile if found.is_placed else errors))
    at = f"at {(peak + 0.5) * seconds / len(errors):.2f} s"
    if found.is_placed:
        place = whole_percentile(float(found.percentile[peak]))
        mean = whole_percentile(float(np.nanmean(found.percentile)))
        return f"Most unusual {at}: percentile {place} in its part of the beat, {errors[peak]:.0f} µV; mean {mean}."
    return f"Largest {at}: {errors[peak]:.0f} µV; median {float(np.nanmedian(errors)):.0f} µV."
