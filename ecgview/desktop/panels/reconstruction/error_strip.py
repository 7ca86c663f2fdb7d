"""The error of several random masks, averaged per segment, as one strip over time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ecgview.desktop.panels.kit import tokens

STRIP_PX = 46
AXIS_PX = 16


class ErrorStrip(QWidget):
    """Columns over time: the taller, the worse the model filled that stretch in.

    Args:
        error_uv: (segments,) mean error in microvolts, NaN where no mask hid the segment.
        seconds: length of the stretch that the segments cover.
    """

    def __init__(self, error_uv: NDArray[np.floating], seconds: float) -> None:
        super().__init__()
        self._error_uv = np.asarray(error_uv, dtype=np.float64)
        self._seconds = seconds
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Error over time, averaged over random masks")
        self.setAccessibleDescription(peak_sentence(error_uv, seconds))

    def sizeHint(self) -> QSize:
        """Return the height of the strip with its axis."""
        return QSize(280, STRIP_PX + AXIS_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the columns and the axis."""
        known = self._error_uv[np.isfinite(self._error_uv)]
        reach = float(known.max()) if len(known) and known.max() > 0 else 1.0
        with QPainter(self) as painter:
            painter.fillRect(QRectF(0, 0, self.width(), STRIP_PX), tokens.colour(self, "surface"))
            step = self.width() / max(len(self._error_uv), 1)
            for index, value in enumerate(self._error_uv):
                if np.isfinite(value):
                    tall = value / reach * (STRIP_PX - 4)
                    column = QRectF(index * step, STRIP_PX - tall, max(step - 0.5, 0.8), tall)
                    painter.fillRect(column, tokens.colour(self, "reconstructed"))
            painter.fillRect(QRectF(0, STRIP_PX, self.width(), 1), tokens.colour(self, "faint"))
            painter.setFont(tokens.font(self.font(), "caption"))
            painter.setPen(tokens.colour(self, "secondary"))
            axis = QRectF(0, STRIP_PX + 1, self.width(), AXIS_PX - 1)
            painter.drawText(axis, Qt.AlignmentFlag.AlignLeft, "0 s")
            painter.drawText(axis, Qt.AlignmentFlag.AlignHCenter, f"{self._seconds / 2:g} s")
            painter.drawText(axis, Qt.AlignmentFlag.AlignRight, f"{self._seconds:g} s")


def peak_sentence(error_uv: NDArray[np.floating], seconds: float) -> str:
    """Return where the average error is largest, and its median, in words."""
    known = np.isfinite(error_uv)
    if not known.any():
        return "No segment was hidden by any mask."
    peak = int(np.nanargmax(error_uv))
    at = (peak + 0.5) * seconds / len(error_uv)
    median = float(np.nanmedian(error_uv))
    return f"Largest at {at:.2f} s: {float(error_uv[peak]):.0f} µV; median {median:.0f} µV."
