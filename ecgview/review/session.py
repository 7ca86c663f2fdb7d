"""The reading of one record by one reader: the one object that knows whether AI may be shown."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TypeVar

from ecgview.errors import BlindedError, ReviewError, StoreError
from ecgview.labels import contradictions
from ecgview.labels.label_set import LabelSet, load
from ecgview.record import EcgRecord
from ecgview.results import LefResult, Prediction
from ecgview.review import history, reader_name, signed_with
from ecgview.review._rows import APPLICATION
from ecgview.review.annotation import Annotation
from ecgview.review.history import ApplyAgain, Change, Edit, History
from ecgview.review.judgement import Judgement, Opinion, standing
from ecgview.review.merging import ConflictError, DraftVersion, Side, SupersededError
from ecgview.review.moment import Moment, now
from ecgview.review.read import Certainty, Draft, Read, ReadKind, ReadState, ReadStatement, differences
from ecgview.review.store import Store
from ecgview.signal.measure.hands import require_sound

_Result = TypeVar("_Result", Prediction, LefResult)


class ReadingSession:
    """States: new, in_reading, read (first read locked), confirmed (signed), amended.

    Blind reading: until the first read is committed and `reveal` was called, `may_show_ai` is false and
    model results raise BlindedError. With `blind` off they may be shown at once, and the log says so.
    Every edit is saved before the call returns; a StoreError leaves the edit in `draft` with
    `is_saved` false, and the next edit or `save` tries again. What another window of the same reader
    saved meanwhile is joined in; where both changed the same item, ConflictError, and `resolve` says
    which stands. After SupersededError (the read was committed elsewhere) the session is as the store
    has it, and `offer` holds the edit that was refused, to be applied again.

    A store that cannot be written gives a session that only shows what was read: see `view_only`.

    Args:
        store: where everything is kept.
        record: what is read; its fingerprint must be known.
        reader: name of the reader.
        blind: whether AI stays closed until the first read is committed.
        label_set: where codes without a set of their own are looked up, an id or the set itself.
        autosave: False: nothing is written before `save`, a commit or the like is called; the caller sees
            to it (see handover.py), and `blind` off waits for `set_blind`.
    """

    def __init__(
        self,
        store: Store,
        record: EcgRecord,
        reader: str,
        blind: bool = True,
        label_set: LabelSet | str = "ptbxl71",
        autosave: bool = True,
    ) -> None:
        if not reader_name.clean(reader):
            raise ReviewError("a reading needs the name of its reader")
        self.store = store
        self.record_sha256 = record.source.sha256
        self.reader = store.reader_named(reader)
        self.label_set = load(label_set) if isinstance(label_set, str) else label_set
        self.blind = blind or not autosave
        self.autosave = autosave
        self.conflict: ConflictError | None = None  # to be resolved before anything more is saved
        self.offer: ApplyAgain | None = None  # the edit that came after a commit elsewhere
        self._record: EcgRecord | None = record  # until the store knows it
        self._signed_with = signed_with.of(record)
        self._unlogged: list[tuple[str, str]] = []  # what a failed save left to be logged
        problem = store.problem
        self.view_only = problem.message if problem is not None else ""  # why nothing can be written
        self._revealed_at: Moment | None = None
        self.reload()
        if autosave and not self.view_only:
            self.register()
            if not blind:
                self._open_ai()

    def reload(self) -> None:
        """Take over what the store holds; edits that were not saved are gone."""
        self._reads = self.store.reads(self.record_sha256, self.reader)
        self._revealed_at = self.store.revealed_at(self.record_sha256, self.reader)
        self._kept = self.store.draft_version(self.record_sha256, self.reader)
        self._history, self.amendment_reason = History(self._kept.content), self._kept.reason
        self._unlogged, self.is_saved, self.conflict = [], True, None

    @property
    def state(self) -> ReadState:
        """Where the reading stands."""
        if self._reads:
            return self._reads[-1].state
        return ReadState.IN_READING if self._has_draft else ReadState.NEW

    @property
    def draft(self) -> Draft:
        """What has been written so far, or the content of the signed read."""
        return self._history.draft

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every committed version, oldest first."""
        return self._reads

    @property
    def latest(self) -> Read | None:
        """The newest committed version."""
        return self._reads[-1] if self._reads else None

    @property
    def is_beyond_latest(self) -> bool:
        """Whether the draft says something else than the newest committed version, which is what reports tell."""
        return self.latest is not None and self.draft != self.latest.content

    @property
    def read_under(self) -> str:
        """In what the patient or the acquisition differs from those that the newest version was committed with."""
        then = self._reads[-1].signed_with if self._reads else None
        return signed_with.sentence(signed_with.differences(then, self._signed_with))

    @property
    def is_editable(self) -> bool:
        """Whether edits are open: not after signing, unless an amendment was begun; never if view-only."""
        return not self.view_only and self._is_open

    @property
    def _is_open(self) -> bool:
        return self.state in (ReadState.NEW, ReadState.IN_READING, ReadState.READ) or self.is_amending

    @property
    def is_amending(self) -> bool:
        """Whether a signed read is being amended."""
        return bool(self.amendment_reason)

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to take back."""
        return self.is_editable and bool(self._history.done)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to do again."""
        return self.is_editable and bool(self._history.undone)

    @property
    def _has_draft(self) -> bool:
        return self._kept.number > 0 or not self.is_saved

    @property
    def contradictions(self) -> list[str]:
        """Statements of the draft that cannot stand together, one sentence each."""
        return contradictions.check((item.code for item in self.draft.statements), self.label_set)

    @property
    def may_show_ai(self) -> bool:
        """Whether anything that a model says of this record may be shown."""
        return self._revealed_at is not None and (not self.blind or bool(self._reads))

    @property
    def revealed_at(self) -> Moment | None:
        """When AI was first shown to this reader."""
        return self._revealed_at

    def require_ai(self) -> None:
        """Raise BlindedError unless AI may be shown."""
        if not self.may_show_ai:
            step = "reveal them first" if self._reads else "commit the first read"
            raise BlindedError(f"AI results stay closed in blind reading: {step}")

    def set_blind(self, blind: bool) -> None:
        """Switch blind reading on or off; off before the first read is logged, and the read says so."""
        if blind == self.blind:
            return
        if not blind:
            self._open_ai()
        self.blind = blind

    def reveal(self) -> Moment:
        """Open the AI results and log when; BlindedError before the first read is committed."""
        if not self._reads:
            raise BlindedError("commit the first read before AI results are revealed")
        return self._open_ai()

    def recall(self, kind: type[_Result], question: str) -> _Result | None:
        """Return what was answered to a question before; BlindedError while AI is closed. From any thread."""
        self.require_ai()
        return self.store.result(kind, question, self.record_sha256, self.reader)

    def judge(self, opinion: Opinion) -> Judgement:
        """Keep what this reader says of a model's reason, at once; it is no part of the draft or of the read.

        Raises:
            BlindedError: AI is closed.
            ReviewError: nothing can be written.
        """
        self.require_ai()
        self._require_writable()
        self.register()
        return self.store.add_judgement(self.record_sha256, self.reader, opinion)

    def withdraw(self, number: int) -> Judgement:
        """Take back the judgement of this number by a further row; errors as in `judge`, and of the store."""
        self.require_ai()
        self._require_writable()
        return self.store.withdraw_judgement(self.record_sha256, self.reader, number)

    @property
    def judgements(self) -> tuple[Judgement, ...]:
        """This reader's judgements that stand, oldest first, nobody else's; none while AI is closed."""
        if not self.may_show_ai:
            return ()
        return standing(self.store.judgements(self.record_sha256, self.reader))

    def apply(self, edit: Edit) -> Change | None:
        """Do an edit, save the draft, and return what changed (None if nothing).

        Raises:
            ReviewError: the read is signed, or a text of the edit holds half of a character.
            SignalError: an edge of a wave would be put where none can be, whatever the record.
            StoreError: the draft could not be saved; the edit is kept in memory.
        """
        self._require_editable()
        _require_characters(edit)
        if isinstance(edit, history.PutEdges):
            require_sound(edit.edits)
        return self._step(*self._history.apply(edit))

    def undo(self) -> Change | None:
        """Take the last edit back; None if there is none."""
        self._require_editable()
        return self._step(*self._history.undo())

    def redo(self) -> Change | None:
        """Do again the edit that was undone last; None if there is none."""
        self._require_editable()
        return self._step(*self._history.redo())

    def toggle_statement(self, code: str, certainty: Certainty = Certainty.DEFINITE) -> Change | None:
        """Make a statement of the session's label set, or take it back if it has been made."""
        if self.draft.statement(code, self.label_set.id) is not None:
            return self.apply(history.RemoveStatement(code, self.label_set.id))
        if code not in self.label_set:
            raise ReviewError("the label set does not have this code", where=self.label_set.id, found=code)
        return self.apply(
            history.AddStatement(ReadStatement(code, certainty, self.label_set.id, self.label_set.version))
        )

    def set_certainty(self, code: str, certainty: Certainty) -> Change | None:
        """Say how sure the reader is of a statement made."""
        return self.apply(history.SetCertainty(code, self.label_set.id, certainty))

    def add_annotation(self, annotation: Annotation) -> Change | None:
        """Place a mark on the signal."""
        return self.apply(history.AddAnnotation(annotation))

    def set_comment(self, text: str) -> Change | None:
        """Replace the free text."""
        # Half of a character may have been pasted.
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return self.apply(history.SetComment(whole))

    def save(self) -> None:
        """Save the draft, where an earlier StoreError, or `autosave` off, left it unsaved."""
        if not self.is_saved:
            self._write()

    def register(self) -> None:
        """Let the store know the record and its path, where that has not been done yet."""
        if self._record is not None:
            self.store.add_record(self._record)
            self._record = None

    def resolve(self, keep: Side) -> None:
        """Say whose word stands where two windows changed the same, "ours" or "theirs", and save that."""
        if (conflict := self.conflict) is None:
            return
        self._history = self._history.rebased(conflict.base, conflict.theirs.content, prefer=keep)
        if keep == "theirs":
            self.amendment_reason = conflict.theirs.reason
        self._kept, self.conflict = conflict.theirs, None
        self._save([("conflict_resolved", f"kept {keep}: {', '.join(conflict.items)}")])

    def commit_first_read(self) -> Read:
        """Lock the first read and return it; edits after it belong to the version that is signed."""
        if self._reads:
            raise ReviewError("the first read is committed already")
        return self._commit(ReadKind.FIRST)

    def sign(self) -> Read:
        """Confirm the read, or the amendment; commits the first read before it where that is missing."""
        self._require_editable()
        if not self._reads:
            self.commit_first_read()
        return self._commit(ReadKind.AMENDMENT if self.is_amending else ReadKind.SIGNED)

    def amend(self, reason: str) -> None:
        """Open a signed read for changes; every earlier version is kept. `sign` closes it."""
        if self._is_open or self.view_only:
            raise ReviewError(self.view_only or "only a signed read is amended")
        if not reason.strip():
            raise ReviewError("an amendment needs a reason")
        self.amendment_reason = reason.strip()
        self._save_or_go_back([("amendment_opened", self.amendment_reason)], "", self._history)

    def discard_amendment(self) -> None:
        """Close an amendment without signing it; what was signed stands."""
        if not self.is_amending:
            raise ReviewError("no amendment is open")
        reason, kept = self.amendment_reason, self._history
        self.amendment_reason, self._history = "", History(self._reads[-1].content)
        self._save_or_go_back([("amendment_discarded", reason)], reason, kept)

    def _require_writable(self) -> None:
        if self.view_only:
            raise ReviewError(f"this read can only be looked at: {self.view_only}")

    def _require_editable(self) -> None:
        self._require_writable()
        if not self.is_editable:
            raise ReviewError("the read is signed; amend it with a reason")

    def _step(self, after: History, change: Change | None) -> Change | None:
        self._history = after
        if change is not None:
            log = [] if self._has_draft or self._reads else [("reading_started", "")]
            if self._revealed_at is not None and self._reads:
                log.append(("changed_after_reveal", change.words))
            elif change.edges_changed:  # a number that was measured is another by hand: always told
                log.append(("measurement_edited", change.words))
            elif (
                change.told_changed
            ):  # who was told must stand in the log though the read is never signed (W6)
                log.append(("critical_finding_told", change.words))
            self._save(log)
        return change

    def _save(self, log: list[tuple[str, str]]) -> None:
        self.is_saved = False
        self._unlogged += log
        if self.autosave:
            self._write()

    def _write(self) -> None:
        if self.conflict is not None:
            raise self.conflict
        self.register()
        try:
            version = self.store.save_draft(
                self.record_sha256,
                self.reader,
                self.draft,
                after_number=len(self._reads),
                follows=self._kept.number,
                reason=self.amendment_reason,
                log=self._unlogged,
            )
        except ConflictError as error:
            self.conflict = error
            raise
        except SupersededError:
            self._supersede()
            raise
        if version.content != self.draft:
            self._history = self._history.rebased(self.draft, version.content)
        self._kept, self.amendment_reason = version, version.reason
        self._unlogged, self.is_saved = [], True

    def _supersede(self) -> None:
        """Take over what was committed elsewhere, and offer the edits that came too late."""
        offer = ApplyAgain(self._kept.content, self.draft)
        self.reload()
        self.offer = offer if offer.words else None

    def _save_or_go_back(self, log: list[tuple[str, str]], reason: str, kept: History) -> None:
        """Save a step that is taken whole or not at all; a StoreError leaves the session as it was."""
        try:
            self._save(log)
        except (ConflictError, SupersededError):
            raise  # the session is as the store has it, or asks which stands
        except StoreError:
            self.amendment_reason, self._history = reason, kept
            self._unlogged, self.is_saved = [], True
            raise

    def _commit(self, kind: ReadKind) -> Read:
        self._require_editable()
        self.save()  # before it is looked at: what another window saved belongs to it
        self.register()
        if self.draft.is_empty:
            raise ReviewError(
                "an empty read cannot be committed", expected="a statement, a mark or a comment"
            )
        if self._revealed_at is None:  # or in another window
            self._revealed_at = self.store.revealed_at(self.record_sha256, self.reader)
        before = self._reads[-1].content if self._reads else Draft()
        changes = differences(before, self.draft) if self._reads else ()
        if kind is ReadKind.AMENDMENT and self.draft == before:
            raise ReviewError("the amendment changes nothing; discard it or change the read")
        read = Read(
            record_sha256=self.record_sha256,
            reader=self.reader,
            number=len(self._reads) + 1,
            kind=kind,
            content=self.draft,
            committed_at=now(),
            application=APPLICATION,
            blind=self._reads[0].blind if self._reads else self._revealed_at is None,
            revealed_at=self._revealed_at,
            reason=self.amendment_reason,
            changes=changes,
            exposed=self._reads[0].exposed if self._reads else self._exposed(),
            signed_with=self._signed_with,
        )
        try:
            self.store.commit_read(read, follows=self._kept.number)
        except ConflictError as error:  # to be looked at first, and committed then
            self._history = self._history.rebased(self._kept.content, error.theirs.content)
            self._kept, self.amendment_reason = error.theirs, error.theirs.reason
            raise
        except SupersededError:
            self._supersede()
            raise
        self._reads = (*self._reads, read)
        self._history, self.amendment_reason = History(read.content), ""
        self._kept, self.is_saved = DraftVersion(0, read.number, read.content), True
        return read

    def _exposed(self) -> str:
        from ecgview.review.blindness import exposed

        return exposed(self.store, self.record_sha256, self.reader)

    def _open_ai(self) -> Moment:
        if self._revealed_at is None:
            moment = now()
            kind = "revealed" if self._reads else "blind_off"
            self.store.reveal(self.record_sha256, self.reader, kind, moment)
            self._revealed_at = moment
        return self._revealed_at


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _require_characters(edit: Edit) -> None:
    """Raise ReviewError if a text of an edit cannot be written: the draft could not be saved from then on."""
    try:
        for text in _texts(asdict(edit)):
            text.encode()
    except UnicodeEncodeError as error:
        found = ascii(error.object[error.start : error.end])
        raise ReviewError("a text holds half of a character", expected="whole ones", found=found) from None
