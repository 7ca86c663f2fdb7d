"""All that is measured, beside what the file says; how it was recorded, and what the import noticed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from ecgview.counts import counted
from ecgview.desktop.panel import Panel
from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.measured_value import MeasuredTable
from ecgview.desktop.panels.kit.widgets import Facts, Notice, Text, clear, column
from ecgview.desktop.state.measuring import CLOSED
from ecgview.record import TELLS_A_READING, DeviceReading, EcgRecord
from ecgview.signal import device_values
from ecgview.signal.measurements import STIMULI

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace
    from ecgview.signal.measurements import Measurement


MANY = 4  # values that share a reason and are named before it; more are "Not measured"


class MeasurementsPanel(QWidget):
    """Measurements, acquisition and import notes of the open record."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._was_open = (False, False)
        self._table: MeasuredTable | None = None
        self._lines: list[str] = []
        self._content = column(self, spacing=tokens.SPACE_S)
        self._content.setAlignment(Qt.AlignmentFlag.AlignTop)
        workspace.ecg.opened.connect(self._renew)
        workspace.ecg.closed.connect(self._renew)
        workspace.ecg.measured.connect(self._show_values)
        workspace.measuring.changed.connect(self._show_values)
        workspace.measuring.opened_changed.connect(self._renew)
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
        self._table = None
        self._was_open = self._openness()
        record = self._workspace.ecg.record
        if record is None:
            text = self._workspace.ecg.shown.instead("Open an ECG to see its measurements.")
            self._content.addWidget(Text(text, tone="secondary"))
            return
        self._table = MeasuredTable(self._workspace.measuring.point_at)
        self._said, self._lines = column(spacing=tokens.SPACE_XS), []
        self._content.addWidget(self._table)
        self._content.addLayout(self._said)
        self._show_values()
        for note in record.notes:
            if note.kind in TELLS_A_READING and not self._workspace.reading.may_show_ai():
                continue  # W2
            text = self._workspace.names.without(note.text, self._workspace.ecg.path)
            self._content.addWidget(Notice(_note_text(text, note.leads), _tone(note.kind)))
        self._content.addWidget(Facts(acquisition_rows(record)))

    def _show_values(self, _changed: object = None) -> None:
        """Show the values there are; while an edge is dragged only numbers change, and no widget is made."""
        workspace, table = self._workspace, self._table
        record, shown = workspace.ecg.record, workspace.ecg.measurements
        if record is None or table is None:
            return
        table.setVisible(workspace.measuring.is_open)
        if not workspace.measuring.is_open:
            self._say([CLOSED])
            return
        reading = record.device_reading
        if not (workspace.reading.may_show_ai() or reading.is_computed):
            reading = DeviceReading()  # a device's word, or a reader's
        filed = {row.name: row for row in device_values.compared(reading, shown or ())}
        table.show_values(shown or (), filed)
        under_way = ["Measuring …"] if workspace.measuring.measured is None else []
        self._say([*under_way, *self._notes(shown or ())])

    def _say(self, lines: list[str]) -> None:
        """Say this below the values; nothing is laid out anew where it is said already."""
        if lines != self._lines:
            self._lines = lines
            clear(self._said)
            for text in lines:
                self._said.addWidget(Text(text, size="caption", tone="secondary"))

    def _notes(self, shown: Sequence[Measurement]) -> Iterator[str]:
        """Yield what is to be known of all the values: why there are none, by what they were found, warnings."""
        measured = self._workspace.measuring.measured
        missing = {one.note: None for one in shown if one.value is None and one.note and one.name != STIMULI}
        names = {
            note: [one.name for one in shown if one.value is None and one.note == note] for note in missing
        }
        for note, of in names.items():
            yield f"{', '.join(of) if len(of) < MANY else 'Not measured'}: {note}."
        for item in shown:
            if item.name == STIMULI and item.note:
                yield f"Stimuli {item.note}" if item.value else item.note
        if measured is None:
            return
        yield from measured.warnings
        for lead, why in measured.left_out.items():
            yield f"Without {lead}: {why}"
        if measured.model is not None:
            name = f"{measured.model.name} {measured.model.version}"
            yield f"Computed from waves that {name} found in {counted(len(measured.leads), 'lead')}"
        elif measured.values and not measured.reason:
            yield f"Computed from waves that rules found in {counted(len(measured.leads), 'lead')}"


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
