"""What a report says, gathered once for every form of it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import ecgview
from ecgview.labels import label_set
from ecgview.paper.settings import PaperSettings
from ecgview.record import TELLS_A_READING, Acquisition, EcgRecord, ImportNote
from ecgview.results import LefResult, Prediction
from ecgview.review.read import Read, ReadKind, ReadStatement
from ecgview.signal.measurements import Measurement, measure


@dataclass(frozen=True, slots=True, eq=False)
class ReportContent:
    """One record with what was measured, read and computed."""

    record: EcgRecord
    measurements: tuple[Measurement, ...]
    read: Read | None = None
    prediction: Prediction | None = None
    lef: LefResult | None = None
    paper: PaperSettings = field(default_factory=PaperSettings)
    with_device: bool = True  # what the file's device or reader made of the ECG; never of a blind read (W2)
    application: str = f"ecgview {ecgview.__version__}"
    created: str = ""

    @property
    def notes(self) -> tuple[ImportNote, ...]:
        """The notes of the import, without those that repeat a reading while the read is blind."""
        return tuple(
            note for note in self.record.notes if self.with_device or note.kind not in TELLS_A_READING
        )

    @property
    def acquisition(self) -> Acquisition:
        """How it was recorded; the file's further fields may hold statements and wait for the reveal (W2)."""
        got = self.record.acquisition
        return got if self.with_device else replace(got, extra={})

    @property
    def is_confirmed(self) -> bool:
        """Whether a reader has signed."""
        return self.read is not None and self.read.kind in (ReadKind.SIGNED, ReadKind.AMENDMENT)

    @property
    def state(self) -> str:
        """Who read and when, or that nobody has."""
        if self.read is None:
            return "Unconfirmed: no reader has signed this ECG"
        when = self.read.committed_at.text
        if self.is_confirmed:
            return f"Confirmed by {self.read.reader}, {when}"
        return f"Unconfirmed: first read by {self.read.reader}, {when}"

    def statement_text(self, statement: ReadStatement) -> str:
        """Return a statement as printed: its words, certainty and code."""
        text = statement.words(label_set.name_of(statement.label_set, statement.code))
        certainty = "" if statement.certainty == "definite" else f" ({statement.certainty.words})"
        code = "own words" if statement.label_set == label_set.FREE_TEXT else statement.code
        return f"{text}{certainty}  [{code}]"


def gather(
    record: EcgRecord,
    *,
    read: Read | None = None,
    prediction: Prediction | None = None,
    lef: LefResult | None = None,
    paper: PaperSettings | None = None,
    measurements: tuple[Measurement, ...] | None = None,
    with_device: bool = True,
) -> ReportContent:
    """Return the content of a report; measurements are computed where they are not given."""
    return ReportContent(
        record,
        measure(record) if measurements is None else measurements,
        read,
        prediction,
        lef,
        paper or PaperSettings(),
        with_device,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
