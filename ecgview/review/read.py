"""What a reader says of a record: statements with certainty, drafts, and committed reads."""

from dataclasses import dataclass
from enum import StrEnum

from ecgview.review.annotation import Annotation
from ecgview.review.moment import Moment
from ecgview.review.signed_with import SignedWith
from ecgview.signal.measure.measured import Edit as EdgeEdit


class Certainty(StrEnum):
    """How sure the reader is of a statement."""

    DEFINITE = "definite"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    CANNOT_EXCLUDE = "cannot_exclude"

    @property
    def words(self) -> str:
        """As shown to people."""
        return self.value.replace("_", " ")


class ReadState(StrEnum):
    """Where the reading of a record stands."""

    NEW = "new"  # nobody has written anything
    IN_READING = "in_reading"  # a draft exists
    READ = "read"  # the first read is committed and locked
    CONFIRMED = "confirmed"  # signed
    AMENDED = "amended"  # signed again with a reason; every earlier version is kept

    @property
    def words(self) -> str:
        """As shown to people."""
        return self.value.replace("_", " ")


class ReadKind(StrEnum):
    """Which step committed a version of a read."""

    FIRST = "first"
    SIGNED = "signed"
    AMENDMENT = "amendment"

    @property
    def state(self) -> ReadState:
        """The state of a record whose last version is of this kind."""
        return {
            ReadKind.FIRST: ReadState.READ,
            ReadKind.SIGNED: ReadState.CONFIRMED,
            ReadKind.AMENDMENT: ReadState.AMENDED,
        }[self]


@dataclass(frozen=True, slots=True)
class ReadStatement:
    """A statement as made: its code in one version of a label set, and the reader's certainty.

    In the reader's own words `label_set` is FREE_TEXT and `code` the words. `modifiers` say its age and site.
    """

    code: str
    certainty: Certainty
    label_set: str
    version: str
    modifiers: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What makes two statements the same finding: label set and code."""
        return (self.label_set, self.code)

    def words(self, name: str) -> str:
        """Return the finding as written, by its name: "old inferior myocardial infarction"."""
        return " ".join((*self.modifiers, name))


@dataclass(frozen=True, slots=True)
class Told:
    """Whom the reader told of a critical finding, and when (convention W6); ecgview itself tells nobody.

    `code` and `name` are the criterion's, `person` is in the reader's words, `at` is ISO 8601 in UTC.
    """

    code: str
    name: str
    person: str
    at: str
    by: str = ""

    @property
    def words(self) -> str:
        """As shown to people: "Dr Li (ward 3) told of ST elevation on 2026-01-02 03:04 UTC"."""
        return f"{self.person} told of {self.name} on {self.at[:16].replace('T', ' ')} UTC"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is being written; immutable, so that every version can be kept."""

    statements: tuple[ReadStatement, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    comment: str = ""
    edges: tuple[
        EdgeEdit, ...
    ] = ()  # edges of waves that were put elsewhere, at most one for each edge and beat
    told: tuple[Told, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been said at all."""
        return not (self.statements or self.annotations or self.comment.strip() or self.edges or self.told)

    def statement(self, code: str, label_set: str) -> ReadStatement | None:
        """Return the statement of a code, if it has been made."""
        return next((item for item in self.statements if item.key == (label_set, code)), None)


@dataclass(frozen=True, slots=True)
class Read:
    """A committed version of one reader's read of one record; never changed afterwards.

    `number` counts the versions of this reader and record from 1. `blind` is false if AI results could
    be seen before the first read was committed. `changes` says in words what differs from the version before.
    `exposed` says why the read was not blind on this workstation, whatever the reader saw; "" if it was.
    `signed_with` is the patient and the acquisition of the file at that time; None in reads of before schema 8.
    """

    record_sha256: str
    reader: str
    number: int
    kind: ReadKind
    content: Draft
    committed_at: Moment
    application: str  # "ecgview 0.1.0"
    blind: bool
    revealed_at: Moment | None = None
    reason: str = ""  # why it was amended
    changes: tuple[str, ...] = ()
    exposed: str = ""
    signed_with: SignedWith | None = None

    @property
    def state(self) -> ReadState:
        """The state of the record after this version."""
        return self.kind.state

    @property
    def statements(self) -> tuple[ReadStatement, ...]:
        """The statements made."""
        return self.content.statements

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """The marks on the signal."""
        return self.content.annotations

    @property
    def comment(self) -> str:
        """The free text."""
        return self.content.comment

    @property
    def edges(self) -> tuple[EdgeEdit, ...]:
        """The edges of waves that the reader put elsewhere."""
        return self.content.edges

    @property
    def told(self) -> tuple[Told, ...]:
        """Whom the reader told of critical findings."""
        return self.content.told


def differences(before: Draft, after: Draft) -> tuple[str, ...]:
    """Return in words what differs between two versions; empty if they say the same."""
    old = {item.key: item for item in before.statements}
    new = {item.key: item for item in after.statements}
    found = [f"removed {item.code}" for key, item in old.items() if key not in new]
    found += [
        f"added {item.words(item.code)} ({item.certainty.words})"
        for key, item in new.items()
        if key not in old
    ]
    found += [
        f"{item.code}: {old[key].certainty.words} to {item.certainty.words}"
        for key, item in new.items()
        if key in old and old[key].certainty != item.certainty
    ]
    found += [
        f"{item.code}: {' '.join(old[key].modifiers) or 'plain'} to {' '.join(item.modifiers) or 'plain'}"
        for key, item in new.items()
        if key in old and old[key].modifiers != item.modifiers
    ]
    found += _of_marks(before.annotations, after.annotations)
    found += _of_edges(before.edges, after.edges)
    found += [f"{one.words}: no longer" for one in before.told if one not in after.told]
    found += [one.words for one in after.told if one not in before.told]
    if before.comment != after.comment:
        found.append("comment changed")
    return tuple(found)


def _of_marks(before: tuple[Annotation, ...], after: tuple[Annotation, ...]) -> list[str]:
    gone = [a for a in before if a not in after]
    new = [a for a in after if a not in before]
    if len(gone) == len(new) == 1 and before.index(gone[0]) == after.index(new[0]):
        return [f"changed mark {_mark(gone[0])} to {_mark(new[0])}"]  # it kept its place: it was moved
    return [f"removed mark {_mark(a)}" for a in gone] + [f"added mark {_mark(a)}" for a in new]


def edge_key(edit: EdgeEdit) -> tuple[str, int | None]:
    """Return what makes two edits ones of the same edge: its name and its beat, None for the median beat."""
    return edit.edge, edit.beat


def _of_edges(before: tuple[EdgeEdit, ...], after: tuple[EdgeEdit, ...]) -> list[str]:
    old, new = ({edge_key(one): one for one in side} for side in (before, after))
    found = [f"{one.words}: no longer" for key, one in old.items() if key not in new]
    return found + [one.words for key, one in new.items() if old.get(key) != one]


def _mark(annotation: Annotation) -> str:
    where = " ".join(annotation.leads) or "all leads"
    return (
        f"{annotation.title or 'without text'} on {where}, {annotation.start_s:.3f}-{annotation.end_s:.3f} s"
    )
