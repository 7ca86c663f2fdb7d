"""The open ECG as a file for others: any format that is written, without what tells who, where and when (P1, P2)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QLabel

from ecgview import formats
from ecgview.desktop.dialogs.report import as_read
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.theme import set_role
from ecgview.errors import ReportError
from ecgview.progress import Progress, silent
from ecgview.signal.measure.measured import Edit

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame
    from ecgview.report.convert import Converted

REMOVED = (
    "Removed: name, identifiers, birth date, recording time, site, device, staff, free text, statements, every "
    "further field of the source, and the old file name. Kept: samples, leads, rate, filters, sex, age (90 and "
    "over as 90), the device's numbers and median beat."
)


def show(window: Frame) -> Sheet | None:
    """Open the sheet for the open record."""
    path = window.workspace.ecg.path
    if path is None:
        return None
    sheet = Sheet(window, "Export for sharing")
    sheet.of_record = True
    heading = QLabel("Format")
    set_role(heading, "heading")
    sheet.body.addWidget(heading)
    box = QComboBox()
    box.setObjectName("format")
    for suffix, writer in formats.writers().items():
        box.addItem(f"{writer.NAME} ({suffix})", suffix)
    sheet.body.addWidget(box)
    without = QCheckBox("Without what tells who, where and when")
    without.setObjectName("deidentify")
    without.setChecked(True)
    sheet.body.addWidget(without)
    own = QCheckBox("With ecgview's measurements and the read's edits, in place of the device's")
    own.setObjectName("measurements")
    own.setEnabled(as_read(window.workspace)[1] is not None)
    sheet.body.addWidget(own)
    sheet.add_text(REMOVED, "muted")
    sheet.body.addStretch(1)
    sheet.add_primary("Choose a place …").clicked.connect(
        lambda: _ask(window, sheet, path, box.currentData(), without.isChecked(), own.isChecked())
    )
    sheet.resize(560, 360)
    sheet.open()
    return sheet


def _ask(window: Frame, sheet: Sheet, path: Path, suffix: str, deidentify: bool, measurements: bool) -> None:
    name = "ecg-00001" if deidentify else window.workspace.names.file_of(path)
    kind = f"{formats.writers()[suffix].NAME} (*{suffix})"
    chosen, _ = QFileDialog.getSaveFileName(window, "Export for sharing", f"{name}{suffix}", kind)
    if chosen:
        sheet.accept()
        named = chosen if chosen.lower().endswith(suffix) else f"{chosen}{suffix}"
        # the dialog has asked about replacing what was typed, not what came of it
        write(window, path, Path(named), deidentify, overwrite=named == chosen, measurements=measurements)


def write(
    window: Frame, path: Path, target: Path, deidentify: bool, *, overwrite: bool, measurements: bool = False
) -> None:
    """Write the file in a job, and say what the format lost; measurements are those of the read, edits and all."""
    workspace = window.workspace
    measured = as_read(workspace)[1] if measurements else None
    if not deidentify:
        workspace.exposures.exported("for sharing")
    workspace.jobs.start(
        _converted,
        path,
        target,
        deidentify,
        overwrite,
        None if measured is None else measured.edits,
        title="Writing the file",
        on_done=lambda row: workspace.telling.post(f"Written: {row.target} ({row.loss})"),
        on_failed=workspace.telling.fail,
        key="share",
    )


def _converted(
    path: Path,
    target: Path,
    deidentify: bool,
    overwrite: bool,
    edits: tuple[Edit, ...] | None,
    progress: Progress = silent,
) -> Converted:
    """Convert one file; with ecgview's measurements where `edits`, none perhaps, are to be laid on them."""
    from ecgview.report import convert

    order = convert.Order(
        target.parent, target.suffix, target.stem, deidentify, overwrite, edits is not None, edits or ()
    )
    (row,) = convert.convert([path], order, progress)
    if row.error:
        raise ReportError(row.error)
    return row
