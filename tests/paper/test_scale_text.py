"""The status line says long times in hours and minutes."""

import numpy as np

from ecgview.paper.scale_line import scale_text
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord


def test_long_times_stand_in_hours_and_minutes() -> None:
    record = EcgRecord(np.zeros((1, 864000), np.float32), ("II",), 10.0)
    text = scale_text(record, PaperSettings(start_s=86390.0))
    assert text.endswith("recorded 24 h, shown 23 h 59 min 50 s to 24 h")
