"""The report of the open ECG: de-identified under a new name unless the reader wants it otherwise (P1, P2)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QLabel, QRadioButton

from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.desktop.state import exporting
from ecgview.desktop.theme import set_role
from ecgview.errors import EcgviewError, ReportError
from ecgview.paper import median_page
from ecgview.report.content import MedianBeats
from ecgview.signal.measure import engine

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame
    from ecgview.desktop.state.maps import Maps
    from ecgview.desktop.state.workspace import Workspace
    from ecgview.paper.settings import PaperSettings
    from ecgview.record import EcgRecord
    from ecgview.report.content import OnTrace, ReportContent
    from ecgview.signal.measure.measured import Measured
    from ecgview.signal.measurements import Measurement

MEDIAN: dict[str, MedianBeats | None] = {
    "No page of them": None,
    "Apart, 25 mm/s": MedianBeats("median 3x4", 25.0),
    "Apart, 50 mm/s": MedianBeats("median 3x4", 50.0),
    "Over each other, 25 mm/s": MedianBeats("median superimposed", 25.0),
    "Over each other, 50 mm/s": MedianBeats("median superimposed", 50.0),
}
KEPT = (
    "Without name, identifiers, dates, device, file name and the file's own statements. The reader's name and the time "
    "of the read stay. Known names are taken out of comments and marks; read them all the same before you pass the "
    "report on."
)
STAY_CLOSED = "Closed: this study keeps measurements closed until the first read is locked."
NOT_YET = "ecgview was still measuring when this report was made."
LATER = "The reader changed this read later; the changes are not signed and not in this report."
ELSEWHERE = (
    "The report tells the version that was locked or signed last; what you changed since is not in it."
)


def show(window: Frame) -> Sheet | None:
    """Open the sheet for the open record."""
    from ecgview.paper.plan import LAYOUTS, choices
    from ecgview.report import exports

    record, path = window.workspace.ecg.record, window.workspace.ecg.path
    if record is None or path is None:
        return None
    sheet = Sheet(window, "Export report")
    sheet.of_record = True
    session = window.workspace.reading.session
    if session is not None and session.is_beyond_latest:
        sheet.add_text(ELSEWHERE)
    form = _choice(sheet, "Form", "form")
    for one in sorted(exports(), key=lambda one: one.SUFFIX != ".pdf"):
        form.addItem(f"{one.NAME} ({one.SUFFIX})", one.SUFFIX)
    layout = _choice(sheet, "Layout", "layout")
    offered = [name for name in choices(record.lead_names) if not LAYOUTS[name].of_median]
    layout.addItems(offered)
    now = window.workspace.paper.settings.layout
    layout.setCurrentText(now if now in offered else window.workspace.paper.at_start.layout)
    median = _choice(sheet, "Median beats with the values of each lead, in the PDF", "median")
    median.addItems(list(MEDIAN))
    median.setCurrentText(_of_page(window.workspace.paper.settings))
    median.setEnabled(window.workspace.measuring.measured is not None)
    without = QRadioButton("De-identified, under a new name")
    without.setObjectName("deidentified")
    without.setChecked(True)
    sheet.body.addWidget(without)
    sheet.add_text(KEPT, "muted")
    identified = QRadioButton("Identified: with name, ID, dates and device")
    identified.setObjectName("identified")
    sheet.body.addWidget(identified)
    with_map = QCheckBox(f"With the map on the trace: {window.workspace.maps.name}")
    with_map.setObjectName("with_map")
    with_map.setVisible(window.workspace.maps.attribution is not None)
    sheet.body.addWidget(with_map)
    sheet.body.addStretch(1)
    sheet.add_primary("Choose a place …").clicked.connect(
        lambda: _ask(
            window,
            sheet,
            record,
            form.currentData(),
            layout.currentText(),
            median=MEDIAN[median.currentText()],
            identified=identified.isChecked(),
            with_map=with_map.isChecked(),
        )
    )
    sheet.resize(560, 480)
    sheet.open()
    return sheet


def _choice(sheet: Sheet, title: str, name: str) -> QComboBox:
    heading = QLabel(title)
    set_role(heading, "heading")
    sheet.body.addWidget(heading)
    box = QComboBox()
    box.setObjectName(name)
    sheet.body.addWidget(box)
    return box


def _ask(
    window: Frame,
    sheet: Sheet,
    record: EcgRecord,
    suffix: str,
    layout: str,
    *,
    median: MedianBeats | None,
    identified: bool,
    with_map: bool,
) -> None:
    from ecgview.report.convert import new_name

    workspace = window.workspace
    opened = workspace.ecg.path
    name = workspace.names.file_of(opened) if identified and opened is not None else new_name(Path.cwd())
    chosen, _ = QFileDialog.getSaveFileName(window, "Export report", f"{name}{suffix}", f"(*{suffix})")
    if chosen and workspace.ecg.record is not record:
        workspace.telling.post("Another ECG was opened meanwhile: no report was written.", "warning")
    elif chosen:
        sheet.accept()
        named = chosen if chosen.lower().endswith(suffix) else f"{chosen}{suffix}"
        write(workspace, Path(named), identified=identified, layout=layout, with_map=with_map, median=median)


def _of_page(paper: PaperSettings) -> str:
    """Return the choice that is the page of median beats on the screen; none of them where that is a rhythm."""
    now = MedianBeats(paper.layout, paper.speed_mm_per_s)
    return next((text for text, one in MEDIAN.items() if one == now), next(iter(MEDIAN)))


def content(
    workspace: Workspace,
    *,
    identified: bool = True,
    study_name: str = "",
    layout: str = "",
    with_map: bool = False,
    median: MedianBeats | None = None,
) -> ReportContent:
    """Return the report of the open record; AI results are in it only while they may be shown.

    With `with_map` the map that lies on the trace has a page of its own, with `median` the median beats.

    Unless `identified`, nothing in it tells who was recorded, where and when; `study_name` stands for the patient.
    `layout` "" is the one of the window.

    Raises:
        ReportError: no record is open.
    """
    from ecgview.report.content import gather

    record, session, paper = workspace.ecg.record, workspace.reading.session, workspace.paper.settings
    if median_page.is_of_median(paper):
        paper = workspace.paper.at_start  # a median beat is no rhythm
    if record is None:
        raise ReportError("no ECG is open")
    shown, measured = as_read(workspace)
    return gather(
        record,
        read=session.latest if session is not None else None,
        prediction=workspace.answers.prediction,
        lef=workspace.answers.lef,
        paper=replace(paper, layout=layout or paper.layout),
        measurements=shown,
        measured=measured,
        with_device=workspace.reading.may_show_ai(),
        identified=identified,
        study_name=study_name,
        judgements=workspace.judging.standing,
        on_trace=_on_trace(workspace.maps) if with_map else None,
        criteria_choices=workspace.criteria.choices,
        median_beats=median,
        log_head=_log_head(workspace),
        why_unmeasured="" if shown else STAY_CLOSED if not workspace.measuring.is_open else NOT_YET,
        later=LATER if session is not None and session.is_beyond_latest else "",
    )


def _log_head(workspace: Workspace) -> str:
    """Return where the log of the store stands, for a report of a committed read; "" where the store cannot be used."""
    session = workspace.reading.session
    if session is None or session.latest is None:
        return ""
    try:
        return workspace.reading.store.head().text
    except EcgviewError as error:
        workspace.telling.fail(error)
        return ""


def as_read(workspace: Workspace) -> tuple[tuple[Measurement, ...], Measured | None]:
    """Return what was measured as the report's read has it: of one that is committed, its edits, not the draft's.

    Where the full measurements are not there yet, those that are shown are given; none while they are closed.
    """
    session, measured = workspace.reading.session, workspace.measuring.measured
    read, record = None if session is None else session.latest, workspace.ecg.record
    if measured is None or record is None:
        return (workspace.ecg.measurements or () if workspace.measuring.is_open else ()), None
    if read is not None and read.edges != measured.edits:
        measured = engine.as_far_as_possible(measured, record, read.edges)
        return measured.values, measured
    return workspace.ecg.measurements or (), measured


def _on_trace(maps: Maps) -> OnTrace | None:
    """Return the map that lies on the trace; in a study with shams without the numbers that would tell one."""
    from ecgview.report.content import OnTrace

    found, target, laid = maps.attribution, maps.target, maps.overlay
    if found is None or target is None or laid is None:
        return None
    is_study = maps.is_study
    return OnTrace(
        name=maps.name,
        target=target.name,
        of=target.of,
        model=found.model,
        overlay=laid,
        verdict=maps.verdict,
        doubt=maps.why_off,
        attribution=None if is_study else found,
        stamp=maps.stamp,
    )


def write(
    workspace: Workspace,
    path: Path,
    *,
    identified: bool = False,
    layout: str = "",
    with_map: bool = False,
    median: MedianBeats | None = None,
) -> None:
    """Have the report of the open record written as PDF, JSON or WFDB annotations, by the suffix of its path.

    Where it is, or why it is not, is told. De-identified, the file's own name is its study name.
    """
    if workspace.ecg.record is None:
        workspace.telling.post("Open an ECG first.", "warning")
        return
    if identified:
        workspace.exposures.exported("report")
    name = "" if identified else path.stem
    workspace.jobs.start(
        exporting.write,
        content(
            workspace,
            identified=identified,
            study_name=name,
            layout=layout,
            with_map=with_map,
            median=median,
        ),
        path,
        title="Writing the report",
        on_done=lambda written: workspace.telling.post(f"Report written: {written}"),
        on_failed=workspace.telling.fail,
        key="export",
    )
