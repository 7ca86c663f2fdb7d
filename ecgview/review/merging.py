"""Two windows on one read: what differs item by item is joined, what both changed is a conflict.

An item is one statement, one mark with what replaced it, one edge of a wave, one person told, or the comment.
"""

from dataclasses import dataclass, replace
from typing import Literal

from ecgview.errors import StoreError
from ecgview.review.annotation import Annotation
from ecgview.review.read import Draft, ReadStatement, edge_key
from ecgview.signal.measure.measured import Edit as EdgeEdit

Side = Literal["ours", "theirs"]
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class DraftVersion:
    """One saved version of a draft.

    `number` is 0 while nothing was saved since committed version `after_number`; `content` is then
    what that version says. `reason` says why a signed read is amended, "" if it is not.
    """

    number: int
    after_number: int
    content: Draft
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Merged:
    """A draft with the edits of both sides, and in words the items that both changed unlike."""

    draft: Draft
    conflicts: tuple[str, ...] = ()


class ConflictError(StoreError):
    """Somebody else changed the same item, or changed the read that was to be committed.

    `base` is what both started from, `ours` was refused, `theirs` is kept; `items` names the items
    (none where a commit was refused).
    """

    def __init__(
        self,
        message: str,
        *,
        base: Draft,
        ours: Draft,
        theirs: DraftVersion,
        items: tuple[str, ...],
        where: str,
    ) -> None:
        super().__init__(message, where=where, found=", ".join(items) or None)
        self.base, self.ours, self.theirs, self.items = base, ours, theirs, items


class SupersededError(StoreError):
    """The version that this edit belongs to was committed elsewhere; nothing was written."""


def merge(base: Draft, ours: Draft, theirs: Draft, prefer: Side = "theirs") -> Merged:
    """Return `theirs` with the edits that lead from `base` to `ours`.

    Args:
        base: what both sides started from.
        ours: one side.
        theirs: the other side.
        prefer: whose word an item gets that both changed; it is named in the conflicts all the same.
    """
    statements, conflicts = _statements(base, ours, theirs, prefer)
    marks, more = _marks(base.annotations, ours.annotations, theirs.annotations, prefer)
    edges, of_edges = _edges(base.edges, ours.edges, theirs.edges, prefer)
    conflicts += more + of_edges
    comment = theirs.comment
    if ours.comment != base.comment:
        if theirs.comment not in (base.comment, ours.comment):
            conflicts.append("comment")
            comment = ours.comment if prefer == "ours" else theirs.comment
        else:
            comment = ours.comment
    told = tuple(one for one in theirs.told if one in ours.told or one not in base.told)
    told += tuple(one for one in ours.told if one not in base.told and one not in told)
    return Merged(Draft(statements, marks, comment, edges, told), tuple(conflicts))


def join(base: DraftVersion, ours: DraftVersion, theirs: DraftVersion, where: str) -> DraftVersion:
    """Return `ours` with the edits that lead from `base` to `theirs`; ConflictError if both changed an item."""
    merged = merge(base.content, ours.content, theirs.content)
    conflicts = merged.conflicts
    if theirs.reason not in (base.reason, ours.reason):
        conflicts = (*conflicts, "amendment")
    if conflicts:
        raise conflict_of(base.content, ours.content, theirs, conflicts, where)
    return replace(ours, content=merged.draft)


def conflict_of(
    base: Draft, ours: Draft, theirs: DraftVersion, items: tuple[str, ...], where: str
) -> ConflictError:
    """Return the error that both sides changed these items."""
    said = "the same was changed in another window; nothing was written"
    return ConflictError(said, base=base, ours=ours, theirs=theirs, items=items, where=where)


def require_current(newest: DraftVersion, after_number: int, where: str) -> None:
    """Raise SupersededError if a version was committed that the writer does not know of."""
    if newest.after_number != after_number:
        raise SupersededError(
            f"version {newest.after_number} of this read was committed meanwhile elsewhere by the same "
            "reader; nothing was written",
            where=where,
        )


def require_same(content: Draft, reason: str, newest: DraftVersion, where: str) -> None:
    """Raise ConflictError if the newest draft is not what is about to be committed."""
    if (newest.content, newest.reason) != (content, reason):
        raise ConflictError(
            "this read was changed in another window; look at it again before it is committed",
            base=content,
            ours=content,
            theirs=newest,
            items=(),
            where=where,
        )


def _statements(
    base: Draft, ours: Draft, theirs: Draft, prefer: Side
) -> tuple[tuple[ReadStatement, ...], list[str]]:
    before, mine, other = ({item.key: item for item in side.statements} for side in (base, ours, theirs))
    joined: dict[_Key, ReadStatement | None] = dict(other)
    conflicts = []
    for key in dict.fromkeys((*before, *mine)):
        if mine.get(key) in (before.get(key), other.get(key)):
            continue
        if other.get(key) != before.get(key):
            conflicts.append(key[1])
            if prefer == "theirs":
                continue
        joined[key] = mine.get(key)
    return tuple(item for item in joined.values() if item is not None), conflicts


def _edges(
    base: tuple[EdgeEdit, ...], ours: tuple[EdgeEdit, ...], theirs: tuple[EdgeEdit, ...], prefer: Side
) -> tuple[tuple[EdgeEdit, ...], list[str]]:
    before, mine, other = ({edge_key(one): one for one in side} for side in (base, ours, theirs))
    joined: dict[tuple[str, int | None], EdgeEdit | None] = dict(other)
    conflicts = []
    for key in dict.fromkeys((*before, *mine)):
        if mine.get(key) in (before.get(key), other.get(key)):
            continue
        if other.get(key) != before.get(key):
            conflicts.append(key[0] if key[1] is None else f"{key[0]} of beat {key[1] + 1}")
            if prefer == "theirs":
                continue
        joined[key] = mine.get(key)
    return tuple(one for one in joined.values() if one is not None), conflicts


def _marks(
    base: tuple[Annotation, ...], ours: tuple[Annotation, ...], theirs: tuple[Annotation, ...], prefer: Side
) -> tuple[tuple[Annotation, ...], list[str]]:
    gone = [mark for mark in base if mark not in ours]
    fresh = [mark for mark in ours if mark not in base]
    conflicts, refused, dropped = [], set[Annotation](), set(gone)
    for mark in gone:
        if mark in theirs:
            continue
        # both took it away: the same change only if both put the same in its place
        mine = {new for new in fresh if _replaces(new, mark)}
        other = {new for new in theirs if new not in base and _replaces(new, mark)}
        if mine != other:
            conflicts.append(f"mark {mark.title or 'without text'}")
            if prefer == "theirs":
                refused |= mine - other
            else:
                dropped |= other - mine
    kept = [mark for mark in theirs if mark not in dropped]
    return (*kept, *(mark for mark in fresh if mark not in kept and mark not in refused)), conflicts


def _replaces(new: Annotation, old: Annotation) -> bool:
    """Whether a mark stands where another one stood: some of its time, some of its leads."""
    same_time = new.start_s <= old.end_s and old.start_s <= new.end_s
    return same_time and (not new.leads or not old.leads or bool(set(new.leads) & set(old.leads)))
