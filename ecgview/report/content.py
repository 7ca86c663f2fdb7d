"""What a report says, gathered once for every form of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ecgview.about import VERSION
from ecgview.labels import label_set
from ecgview.labels.report_order import PARTS, part_of
from ecgview.models import measuring, runtime
from ecgview.models.context import beside_read, lef_beside_read
from ecgview.models.tabular.lef import with_edits
from ecgview.overlay import Overlay
from ecgview.paper.settings import PaperSettings
from ecgview.record import TELLS_A_READING, Acquisition, EcgRecord, ImportNote
from ecgview.report import anonymous
from ecgview.results import Attribution, LefResult, Mapped, ModelFacts, Prediction, Stamp
from ecgview.review import signed_with
from ecgview.review.judgement import Judgement
from ecgview.review.read import Certainty, Read, ReadKind, ReadStatement
from ecgview.signal import criteria
from ecgview.signal.criteria.criterion import Asked, Criterion
from ecgview.signal.measure.measured import Measured
from ecgview.signal.measurements import Measurement

VERSIONS_BEFORE = 2  # the first read and the signed one; the versions after them are amendments


@dataclass(frozen=True, slots=True, eq=False)
class OnTrace:
    """A map of attribution as it lies on the trace.

    `attribution` and `stamp` are its numbers; both are None in a study with shams, where they would tell what is one.
    """

    name: str  # "Complete left bundle branch block (CLBBB)"
    target: str  # the statement's code, the predictor's name, "" for all predictors of LEF
    of: Mapped
    model: ModelFacts
    overlay: Overlay
    verdict: str
    doubt: str = ""  # why such a map is not offered by itself, a sentence
    attribution: Attribution | None = None
    stamp: Stamp | None = None

    @property
    def has_failed(self) -> bool:
        """Whether the map is not to be read."""
        return self.verdict.startswith("failed")

    @property
    def lines(self) -> tuple[str, ...]:
        """What the map adds up to, and what was measured of it, in sentences; none in a study with shams."""
        found, stamp = self.attribution, self.stamp
        if found is None:
            return ()
        parts = f"Cells {found.share - found.remainder:+.3f}, remainder {found.remainder:+.3f}"
        said = [f"{parts}: together the share, {found.share:+.3f} {found.unit}."]
        if stamp is not None and (measured := stamp.sentence):
            said.append(measured)
        return tuple(line.replace("-", "\u2212") for line in said)


@dataclass(frozen=True, slots=True)
class MedianBeats:
    """How a page of median beats is wanted: a layout of the median beat, and the speed of its paper."""

    layout: str = "median 3x4"
    speed_mm_per_s: float = 25.0


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
    identified: bool = True  # whether it tells who was recorded, where and when
    left_out_statements: int = 0  # statements in the file that a de-identified report leaves out
    application: str = f"ecgview {VERSION}"
    created: str = ""
    on_trace: OnTrace | None = None
    criteria: tuple[Criterion, ...] = ()  # as they came out; none where nobody asked
    judgements: tuple[Judgement, ...] = ()  # of the read's reader, those that stand; no part of the read
    measured: Measured | None = None  # by what, in which leads; None where only values were given
    median_beats: MedianBeats | None = None  # a page of them, with each lead's values, where it is asked for
    log_head: str = ""  # "57:3f2a...", where the log of the store stood when the report was made
    why_unmeasured: str = ""  # a sentence, where nothing measured may be told, or is there yet
    later: str = ""  # a sentence, where the reader changed the read after the version that is told here

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
    def critical(self) -> tuple[Criterion, ...]:
        """Criteria that must not be missed and are met (W6)."""
        return tuple(one for one in self.criteria if one.critical and one.state == "met")

    @property
    def is_signed(self) -> bool:
        """Whether a reader has signed this research read."""
        return self.read is not None and self.read.kind in (ReadKind.SIGNED, ReadKind.AMENDMENT)

    @property
    def read_state(self) -> str:
        """How far the research read is: unconfirmed, first read, signed, amended and how often."""
        if self.read is None:
            return "unconfirmed, not read"
        if self.read.kind is ReadKind.FIRST:
            return "first read, unconfirmed"
        return (
            "signed" if self.read.kind is ReadKind.SIGNED else f"amended {self.read.number - VERSIONS_BEFORE}"
        )

    @property
    def read_facts(self) -> str:
        """Who read it and when, blind or not, and whether AI had been open; "" where nobody has."""
        if self.read is None:
            return ""
        read = self.read
        opened = read.revealed_at
        ai = "AI had not been open" if opened is None else f"AI had been open since {opened.text}"
        return "    ".join((f"by {read.reader}, {read.committed_at.text}", blindness(read), ai))

    @property
    def signed_head(self) -> str:
        """The head of the log that a signed report prints, so that the log can be held against it; "" for any other."""
        return self.log_head if self.is_signed else ""

    @property
    def state(self) -> str:
        """The research read's state with its facts in one line."""
        return ", ".join(part for part in (f"Research read: {self.read_state}", self.read_facts) if part)

    @property
    def statement_texts(self) -> tuple[str, ...]:
        """The reader's statements as printed, in the order of a report."""
        made = () if self.read is None else self.read.content.statements
        return tuple(statement_text(one) for one in sorted(made, key=_place))


def _judged(
    record: EcgRecord, measured: Measured, choices: Mapping[str, str] | None
) -> tuple[Criterion, ...]:
    return criteria.judge(Asked(record, measured, record.patient, choices or {}))


def _told_apart(record: EcgRecord, read: Read, identified: bool) -> str:
    """Return in what the patient or the acquisition differs from what the read was locked with; "" for nothing."""
    found = signed_with.differences(read.signed_with, signed_with.of(record))
    return signed_with.sentence(found, named=identified)


def blindness(read: Read) -> str:
    """Return in words whether the first read was made without the AI, and without it on this computer at all."""
    if read.exposed:
        return f"not blind on this workstation: {read.exposed}"
    return "blind first read" if read.blind else "not blind"


def _place(statement: ReadStatement) -> int:
    return PARTS.index(part_of(statement.code, statement.label_set))


def statement_text(statement: ReadStatement) -> str:
    """Return a statement in the reader's words with its certainty."""
    text = statement.words(label_set.name_of(statement.label_set, statement.code))
    text = text[:1].upper() + text[1:]
    return text if statement.certainty == Certainty.DEFINITE else f"{text} ({statement.certainty.words})"


def gather(
    record: EcgRecord,
    *,
    read: Read | None = None,
    prediction: Prediction | None = None,
    lef: LefResult | None = None,
    paper: PaperSettings | None = None,
    measurements: tuple[Measurement, ...] | None = None,
    measured: Measured | None = None,
    with_device: bool = True,
    identified: bool = True,
    study_name: str = "",
    judgements: tuple[Judgement, ...] = (),
    on_trace: OnTrace | None = None,
    criteria_choices: Mapping[str, str] | None = None,
    median_beats: MedianBeats | None = None,
    log_head: str = "",
    why_unmeasured: str = "",
    later: str = "",
) -> ReportContent:
    """Return the content of a report; measurements are computed, with the read's edits, where none are given.

    Unless `identified`, what tells who, where and when is left out, of the record and of the reader's own words;
    `study_name` takes the place of the patient's. `why_unmeasured` and `later` are sentences, told
    as given. What the read states of pacing, LBBB or pre-excitation holds for
    the models' answers, too. Criteria are judged, by the definitions of `criteria_choices`, where there are full
    measurements.
    """
    if measurements is None:
        if measured is None:
            measured = measuring.recent(record)
            if read is not None and read.edges:
                measured = measuring.as_far_as_possible(measured, record, read.edges)
        measured = criteria.ranged(measured, criteria_choices or {})
        measurements = measured.values
    if (
        lef is not None and measured is not None
    ):  # the read's edits, not those of a draft that is open beside it
        lef = with_edits(lef, record, measured)
    if prediction is not None and measured is not None:
        prediction = runtime.with_edits(prediction, record, measured)
    judged = () if measured is None else _judged(record, measured, criteria_choices)
    stated = [] if read is None else [item.key for item in read.statements]
    left_out = 0
    apart = "" if read is None else _told_apart(record, read, identified)
    if not identified:
        left_out = 0 if record.device_reading.ecgview else len(record.device_reading.statements)
        read = None if read is None else anonymous.read(read, record)
        judgements = anonymous.judgements(judgements, record)
        record = anonymous.record(record, study_name)
    if apart:
        record = replace(record, notes=(*record.notes, ImportNote("signed-with", apart)))
    return ReportContent(
        record,
        measurements,
        read,
        None if prediction is None else beside_read(prediction, stated),
        None if lef is None else lef_beside_read(lef, stated),
        paper or PaperSettings(),
        with_device,
        identified,
        left_out,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        judgements=judgements,
        on_trace=on_trace,
        criteria=judged,
        measured=measured,
        median_beats=median_beats,
        log_head=log_head,
        why_unmeasured=why_unmeasured,
        later=later,
    )
