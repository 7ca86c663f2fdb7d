"""What a report says, gathered once for every form of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import ecgview
from ecgview.labels import label_set
from ecgview.paper.settings import PaperSettings
from ecgview.record import EcgRecord
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
    application: str = f"ecgview {ecgview.__version__}"
    created: str = ""

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
        words = label_set.load(statement.label_set).get(statement.code)
        text = words.english if words is not None else statement.code
        certainty = (
            "" if statement.certainty == "definite" else f" ({str(statement.certainty).replace('_', ' ')})"
        )
        return f"{text}{certainty}  [{statement.code}]"


def gather(
    record: EcgRecord,
    *,
    read: Read | None = None,
    prediction: Prediction | None = None,
    lef: LefResult | None = None,
    paper: PaperSettings | None = None,
    measurements: tuple[Measurement, ...] | None = None,
) -> ReportContent:
    """Return the content of a report; measurements are computed where they are not given."""
    return ReportContent(
        record,
        measure(record) if measurements is None else measurements,
        read,
        prediction,
        lef,
        paper or PaperSettings(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
