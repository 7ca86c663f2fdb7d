"""On demand: all that can be said of whether another ECG of the same patient ID looks like this patient's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgview.about import RESEARCH_USE_ONLY
from ecgview.desktop.dialogs.sheet import Sheet

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame


def show(window: Frame) -> Sheet:
    """Open the sheet; its words are renewed until it is closed."""
    told = window.workspace.one_patient
    sheet = Sheet(window, "Same patient?")
    sheet.of_record = True
    sheet.add_text(RESEARCH_USE_ONLY, "banner")
    text = sheet.add_text("\n\n".join(told.words))

    def renew() -> None:
        text.setText("\n\n".join(told.words))

    told.changed.connect(renew)
    sheet.finished.connect(lambda _result: told.changed.disconnect(renew))
    sheet.resize(620, 320)
    sheet.open()
    return sheet
