"""Rate and rhythm intervals, what the file says of the recording, and what the import noticed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from ecgview.counts import counted
from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.widgets import Facts, Notice, Text, clear, column
from ecgview.record import TELLS_A_READING, EcgRecord
from ecgview.signal.measurements import STIMULI

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace
    from ecgview.signal.measurements import Measurement


class MeasurementsPanel(QWidget):
    """Measurements, acquisition and import notes of the open record."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._was_open = (False, False)
        self._content = column(self, spacing=tokens.SPACE_S)
        self._content.setAlignment(Qt.AlignmentFlag.AlignTop)
        workspace.ecg.opened.connect(self._renew)
        workspace.ecg.closed.connect(self._renew)
        workspace.ecg.measured.connect(self._renew)
        workspace.reading.session_changed.connect(self._follow_session)
        self._renew()

    def _follow_session(self, _session: object) -> None:
        if self._was_open != self._openness():  # an edit of the read changes nothing here
            self._renew()

    def _openness(self) -> tuple[bool, bool]:
        """Return whether AI results, and the file's name, may be shown."""
        names, path = self._workspace.names, self._workspace.ecg.path
        return self._workspace.reading.may_show_ai(), not names.is_closed(path)

    def _renew(self, _changed: object = None) -> None:
        clear(self._content)
        self._was_open = self._openness()
        record = self._workspace.ecg.record
        if record is None:
            text = self._workspace.ecg.shown.instead("Open an ECG to see its measurements.")
            self._content.addWidget(Text(text, tone="secondary"))
            return
        measured = self._workspace.ecg.measurements
        if measured is None:
            self._content.addWidget(Text("Measuring …", tone="secondary"))
        else:
            self._content.addWidget(_table(measured))
            if measured[0].value is None:
                self._content.addWidget(Text(f"Not measured: {measured[0].note}.", tone="secondary"))
            for item in measured:
                if item.name == STIMULI and item.note:
                    text = f"Stimuli {item.note}" if item.value else item.note
                    self._content.addWidget(Text(text, size="caption", tone="secondary"))
        for note in record.notes:
            if note.kind in TELLS_A_READING and not self._workspace.reading.may_show_ai():
                continue  # W2
            text = self._workspace.names.without(note.text, self._workspace.ecg.path)
            self._content.addWidget(Notice(_note_text(text, note.leads), _tone(note.kind)))
        self._content.addWidget(Facts(acquisition_rows(record)))


def _table(measured: Sequence[Measurement]) -> QWidget:
    table = QWidget()
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(tokens.SPACE_S)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(0, 1)
    for index, item in enumerate(measured):
        name = Text(item.name, elide=True)
        value = Text("–" if item.value is None else f"{item.value:.0f}", bold=True, wrap=False)
        unit = Text(item.unit, size="caption", tone="secondary", wrap=False)
        unit.setMinimumWidth(34)
        source = Text(item.source, size="caption", tone="faint", wrap=False)
        source.setMinimumWidth(64)
        for part in (name, value):
            part.setToolTip(item.note)
        grid.addWidget(name, index, 0)
        grid.addWidget(value, index, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(unit, index, 2)
        grid.addWidget(source, index, 3)
    return table


def acquisition_rows(record: EcgRecord) -> list[tuple[str, str]]:
    """Return what is known of the recording, as (name, value); empty where the file says nothing."""
    got = record.acquisition
    return [
        ("Recorded", got.start_time.replace("T", " ")),
        ("Device", got.device),
        (
            "Signal",
            f"{record.seconds:.1f} s at {record.sampling_rate_hz:g} Hz, {counted(len(record.lead_names), 'lead')}",
        ),
        ("Not recorded", ", ".join(record.missing_leads)),
        ("Computed", ", ".join(got.derived_leads)),
        ("Filter in file", _filter_text(got.highpass_hz, got.lowpass_hz, got.notch_hz)),
        ("Format", record.source.format),
    ]


def _filter_text(highpass_hz: float | None, lowpass_hz: float | None, notch_hz: float | None) -> str:
    band = "" if highpass_hz is None and lowpass_hz is None else f"{_hz(highpass_hz)}–{_hz(lowpass_hz)} Hz"
    notch = "" if notch_hz is None else f"notch {notch_hz:g} Hz"
    return ", ".join(part for part in (band, notch) if part)


def _hz(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def _note_text(text: str, leads: tuple[str, ...]) -> str:
    named = [lead for lead in leads if lead not in text]
    return f"{text} ({', '.join(named)})" if named else text


def _tone(kind: str) -> str:
    return "accent" if kind in ("synthetic", "header", "derived", "duration") else "warning"


PANEL = Panel(
    id="measurements", title="Measurements", views=("read", "annotate"), order=40, make=MeasurementsPanel
)
