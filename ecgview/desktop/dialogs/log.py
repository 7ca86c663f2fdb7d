"""What the append-only log says of the open record."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.state.workspace import Workspace
from ecgview.errors import EcgviewError


def show(parent: QWidget, workspace: Workspace) -> Sheet | None:
    """Open the sheet with this reader's entries; other readers stay unseen before a first read.

    What they judged of a model's reasons stays unseen for good: this reader may have it before them still.
    """
    session = workspace.reading.session
    if session is None:
        return None
    try:
        shown = workspace.reading.store.audit(session.record_sha256, session.reader)
    except EcgviewError as error:
        workspace.telling.fail(error)
        return None
    sheet = Sheet(parent, "Log of this record", scrolls=True)
    sheet.of_record = True
    for entry in shown:
        sheet.add_text(f"{entry.moment.text}   {entry.reader}   {entry.action.replace('_', ' ')}")
        if entry.details:
            sheet.add_text(entry.details, "muted")
    if not shown:
        sheet.add_text("Nothing yet.", "muted")
    sheet.body.addStretch(1)
    sheet.resize(640, 460)
    sheet.open()
    return sheet
