"""What this window shows of a record before its first read is locked, beyond the read itself, is logged."""

from __future__ import annotations

from PySide6.QtCore import QObject

from ecgview.desktop.state.open_record import OpenRecord
from ecgview.desktop.state.reader import Reader
from ecgview.desktop.state.reading import Reading
from ecgview.desktop.state.telling import Telling
from ecgview.desktop.state.worklist import Worklist
from ecgview.errors import EcgviewError


class Exposures(QObject):
    """Logs a reader changed and changed back, names that were shown before, and identified exports."""

    def __init__(
        self,
        worklist: Worklist,
        reader: Reader,
        reading: Reading,
        ecg: OpenRecord,
        telling: Telling,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._worklist, self._reading, self._ecg, self._telling = worklist, reading, ecg, telling
        self._reader = reader.name
        self._sat: set[tuple[str, str]] = set()  # (record, reader), who had it open in this window
        self._n_named = 0  # rows whose names were shown: the first so many
        self._logged: set[tuple[str, str]] = set()  # (record, reader), that the name was shown
        reader.name_changed.connect(self._change_reader)
        reader.blind_changed.connect(self._close_names)
        reading.session_changed.connect(self._look)

    def exported(self, what: str) -> None:
        """Log that the open record was written with all that its file says, where it is not locked yet."""
        session, record = self._reading.session, self._ecg.record
        if record is not None and (session is None or not session.reads):
            recorded = self._ecg.recorded or record  # a what-if tells who was recorded, too
            self._log(recorded.source.sha256, "identified_export", what)

    def _change_reader(self, name: str) -> None:
        """Log it where the reader who goes has seen or written something, or the one who comes was here before."""
        before, self._reader = self._reader, name
        record, session = self._ecg.recorded, self._reading.session
        if record is None or not before or not name:
            return
        sha256 = record.source.sha256
        self._sat.add((sha256, before))
        has_read = session is not None and (bool(session.reads) or not session.draft.is_empty)
        has_seen = has_read or self._reading.may_show_ai()
        if has_seen or (sha256, name) in self._sat:
            self._log(sha256, "reader_changed", f"{before} to {name}")

    def _close_names(self, is_blind: bool) -> None:
        if is_blind:
            self._n_named = len(self._worklist)

    def _look(self, _session: object) -> None:
        """Log that the name of a record that is read blind from now on was on the screen before."""
        session, path = self._reading.session, self._reading.path
        if session is None or path is None or session.reads or not session.blind:
            return
        key = session.record_sha256, session.reader
        if key not in self._logged and 0 <= self._worklist.place(path) < self._n_named:
            self._logged.add(key)
            if session.revealed_at is None:
                self._log(session.record_sha256, "name_shown", "")

    def _log(self, sha256: str, kind: str, details: str) -> None:
        reading = self._reading
        try:
            if (
                reading.problem is not None
            ):  # nothing can be written, and the window may be closed before it can
                reading.store.keep_unlogged(kind, details, [sha256], self._reader)
                return
            reading.write(reading.store.add_exposure, sha256, kind, details, self._reader)
        except EcgviewError as error:
            self._telling.fail(error)
