"""Edits of a draft, and a pure undo history that says exactly what each step changed."""

from dataclasses import dataclass, field, replace
from typing import Literal

from ecgview.review.annotation import Annotation
from ecgview.review.merging import Side, merge
from ecgview.review.read import Certainty, Draft, ReadStatement, Told, differences, edge_key
from ecgview.signal.measure.measured import Edit as EdgeEdit


@dataclass(frozen=True, slots=True)
class AddStatement:
    """Make a statement; nothing happens if it has been made already."""

    statement: ReadStatement

    def apply(self, draft: Draft) -> Draft:
        """Return the draft after this edit."""
        if any(item.key == self.statement.key for item in draft.statements):
            return draft
        return replace(draft, statements=(*draft.statements, self.statement))


@dataclass(frozen=True, slots=True)
class RemoveStatement:
    """Take a statement back."""

    code: str
    label_set: str

    def apply(self, draft: Draft) -> Draft:
        """Return the draft after this edit."""
        kept = tuple(item for item in draft.statements if item.key != (self.label_set, self.code))
        return replace(draft, statements=kept)


@dataclass(frozen=True, slots=True)
class SetCertainty:
    """Say how sure the reader is of a statement made."""

    code: str
    label_set: str
    certainty: Certainty

    def apply(self, draft: Draft) -> Draft:
        """Return the draft after this edit."""
        key = (self.label_set, self.code)
        changed = tuple(
            replace(item, certainty=self.certainty) if item.key == key else item for item in draft.statements
        )
        return replace(draft, statements=changed)


@dataclass(frozen=True, slots=True)
class SetModifiers:
    """Say the age and site of a statement made."""

    code: str
    label_set: str
    modifiers: tuple[str, ...]

    def apply(self, draft: Draft) -> Draft:
        """Return the draft after this edit."""
        key = (self.label_set, self.code)
        changed = tuple(
            replace(item, modifiers=self.modifiers) if item.key == key else item for item in draft.statements
        )
        return replace(draft, statements=changed)


@dataclass(frozen=True, slots=True)
class AddAnnotation:
    """Place a mark; nothing happens if an equal one is there."""

    annotation: Annotation

    def apply(self, draft: Draft) -> Draft:
        """Return the draft after this edit."""
        if self.annotation in draft.annotations:
            return draft
        return replace(draft, annotations=(*draft.annotations, self.annotation))


@dataclass(frozen=True, slots=True)
class RemoveAnnotation:
    """Take a mark away."""

    annotation: Annotation

    def apply(self, draft: Draft) -> Draft:
        """Return the draft after this edit."""
        return replace(draft, annotations=tuple(a for a in draft.annotations if a != self.annotation))


@dataclass(frozen=True, slots=True)
class ChangeAnnotation:
    """Put a mark in another's place: it was moved, or says another thing. Nothing happens if the other is gone.

    One edit, not a removal and an addition: one undo takes it back, and the mark keeps its place among the others.
    """

    annotation: Annotation
    changed: Annotation

    def apply(self, draft: Draft) -> Draft:
        """Return the draft after this edit; a mark that becomes equal to another is that one."""
        if self.annotation not in draft.annotations:
            return draft
        marks = (self.changed if mark == self.annotation else mark for mark in draft.annotations)
        return replace(draft, annotations=tuple(dict.fromkeys(marks)))


@dataclass(frozen=True, slots=True)
class SetComment:
    """Replace the free text."""

    comment: str

    def apply(self, draft: Draft) -> Draft:
        """Return the draft after this edit."""
        return replace(draft, comment=self.comment)


@dataclass(frozen=True, slots=True)
class PutEdges:
    """Put edges of waves elsewhere, or take them away; each takes the place of an earlier edit of the same edge."""

    edits: tuple[EdgeEdit, ...]

    def apply(self, draft: Draft) -> Draft:
        """Return the draft after this edit."""
        kept = {edge_key(one): one for one in draft.edges}
        for one in self.edits:
            kept.pop(edge_key(one), None)  # what was put last is applied last
            kept[edge_key(one)] = one
        return replace(draft, edges=tuple(kept.values()))


@dataclass(frozen=True, slots=True)
class RestoreEdges:
    """Let edges lie where they were computed: the hand's edits of them go."""

    keys: tuple[tuple[str, int | None], ...]

    def apply(self, draft: Draft) -> Draft:
        """Return the draft after this edit."""
        return replace(draft, edges=tuple(one for one in draft.edges if edge_key(one) not in self.keys))


@dataclass(frozen=True, slots=True)
class AddTold:
    """Keep whom the reader told of a critical finding; nothing happens if just this is kept already."""

    told: Told

    def apply(self, draft: Draft) -> Draft:
        """Return the draft after this edit."""
        return draft if self.told in draft.told else replace(draft, told=(*draft.told, self.told))


@dataclass(frozen=True, slots=True)
class RemoveTold:
    """Take back that somebody was told, as long as the read is open."""

    told: Told

    def apply(self, draft: Draft) -> Draft:
        """Return the draft after this edit."""
        return replace(draft, told=tuple(one for one in draft.told if one != self.told))


@dataclass(frozen=True, slots=True)
class ApplyAgain:
    """Do again, on another version, what led from one draft to another."""

    base: Draft
    ours: Draft

    def apply(self, draft: Draft) -> Draft:
        """Return the draft after this edit."""
        return merge(self.base, self.ours, draft, prefer="ours").draft

    @property
    def words(self) -> str:
        """What is done, for people."""
        return "; ".join(differences(self.base, self.ours))


Edit = (
    AddStatement
    | RemoveStatement
    | SetCertainty
    | SetModifiers
    | AddAnnotation
    | RemoveAnnotation
    | ChangeAnnotation
    | SetComment
    | PutEdges
    | RestoreEdges
    | AddTold
    | RemoveTold
    | ApplyAgain
)


@dataclass(frozen=True, slots=True)
class Change:
    """What one step did to the draft."""

    step: Literal["edit", "undo", "redo"]
    edit: Edit
    before: Draft
    after: Draft

    @property
    def statements_changed(self) -> bool:
        """Whether a statement was added, removed or given another certainty."""
        return self.before.statements != self.after.statements

    @property
    def annotations_changed(self) -> bool:
        """Whether a mark was added, removed or changed."""
        return self.before.annotations != self.after.annotations

    @property
    def edges_changed(self) -> bool:
        """Whether an edge of a wave was put elsewhere."""
        return self.before.edges != self.after.edges

    @property
    def told_changed(self) -> bool:
        """Whether somebody was told of a critical finding, or is said not to have been."""
        return self.before.told != self.after.told

    @property
    def comment_changed(self) -> bool:
        """Whether the free text differs."""
        return self.before.comment != self.after.comment

    @property
    def words(self) -> str:
        """The step for people and for the log."""
        what = "; ".join(differences(self.before, self.after))
        return what if self.step == "edit" else f"{self.step}: {what}"


@dataclass(frozen=True, slots=True)
class History:
    """A draft with what led to it; every step returns a new history."""

    draft: Draft = field(default_factory=Draft)
    done: tuple[Change, ...] = ()
    undone: tuple[Change, ...] = ()  # the one undone last is the last

    def apply(self, edit: Edit) -> tuple["History", Change | None]:
        """Return the history after an edit and what it changed; None, and itself, if nothing."""
        after = edit.apply(self.draft)
        if after == self.draft:
            return self, None
        change = Change("edit", edit, self.draft, after)
        return History(after, (*self.done, change)), change

    def undo(self) -> tuple["History", Change | None]:
        """Return the history one step back."""
        if not self.done:
            return self, None
        last = self.done[-1]
        change = Change("undo", last.edit, last.after, last.before)
        return History(last.before, self.done[:-1], (*self.undone, last)), change

    def redo(self) -> tuple["History", Change | None]:
        """Return the history with the step undone last done again."""
        if not self.undone:
            return self, None
        last = self.undone[-1]
        change = Change("redo", last.edit, last.before, last.after)
        return History(last.after, (*self.done, last), self.undone[:-1]), change

    def rebased(self, base: Draft, theirs: Draft, prefer: Side = "theirs") -> "History":
        """Return the history as if every step had been done on `theirs` instead of `base`.

        So an undo takes back what was done here, and nothing that others did; steps that change nothing
        any more are left out.
        """

        def moved(draft: Draft) -> Draft:
            return merge(base, draft, theirs, prefer).draft

        def steps(changes: tuple[Change, ...]) -> tuple[Change, ...]:
            made = (replace(c, before=moved(c.before), after=moved(c.after)) for c in changes)
            return tuple(change for change in made if change.before != change.after)

        return History(moved(self.draft), steps(self.done), steps(self.undone))
