"""A record and its read without what tells who, where and when, for reports that go to others (P1, P2)."""

import re
from dataclasses import replace
from pathlib import PurePath

from ecgview import formats
from ecgview.labels.label_set import FREE_TEXT
from ecgview.record import EcgRecord
from ecgview.review.judgement import Judgement
from ecgview.review.read import Read

REMOVED = "[removed]"
SHORTEST = 3  # letters of a name; a shorter one would take parts of other words away
SHORTEST_HAN = 2


def record(source: EcgRecord, study_name: str = "") -> EcgRecord:
    """Return the record as it may be shared; the study name stands for the patient unless it tells who it is."""
    known = _told(source)
    return formats.deidentified(source, "" if known and known.search(study_name) else study_name)


def read(source: Read, of: EcgRecord) -> Read:
    """Return the read with names, identifiers and dates of its record removed from everything typed by hand.

    Reader and time of the read stay: they tell of the reader. The patient that it was signed with goes.
    """
    then = dict(source.signed_with.shown) if source.signed_with else {}
    known = _told(of, (then.get("name", ""), then.get("patient ID", "")))
    source = replace(source, signed_with=None)
    if known is None:
        return source
    draft = source.content
    marks = tuple(replace(mark, text=known.sub(REMOVED, mark.text)) for mark in draft.annotations)
    statements = tuple(
        replace(one, code=known.sub(REMOVED, one.code)) if one.label_set == FREE_TEXT else one
        for one in draft.statements
    )
    content = replace(
        draft, statements=statements, annotations=marks, comment=known.sub(REMOVED, draft.comment)
    )
    changes = tuple(known.sub(REMOVED, change) for change in source.changes)
    return replace(source, content=content, reason=known.sub(REMOVED, source.reason), changes=changes)


def judgements(source: tuple[Judgement, ...], of: EcgRecord) -> tuple[Judgement, ...]:
    """Return judgements with the same removed from what was typed; the reader's name and the time stay."""
    known = _told(of)
    if known is None:
        return source
    return tuple(
        replace(one, opinion=replace(one.opinion, text=known.sub(REMOVED, one.opinion.text)))
        for one in source
    )


def _told(source: EcgRecord, more: tuple[str, ...] = ()) -> re.Pattern[str] | None:
    """Return a pattern of every word that the record knows its patient and day by; None where it knows none."""
    who = source.patient
    words = {who.patient_id, *more}
    for name in (who.name, *more):
        words |= {name, *re.split(r"[\s,^=]+", name)}
    for moment in (who.birth_date, source.acquisition.start_time):
        day = moment[:10]
        words |= {moment, day, day.replace("-", "")}
    stem = PurePath(source.source.path).stem
    words |= {stem} if re.search(r"[^\W\d_]{4}", stem) else set()
    long_enough = sorted((word for word in words if _tells(word)), key=len, reverse=True)
    if not long_enough:
        return None
    return re.compile(
        "|".join(
            rf"(?<!\w){re.escape(word)}(?!\w)" if word.isascii() else re.escape(word) for word in long_enough
        ),
        re.IGNORECASE,
    )


def _tells(word: str) -> bool:
    return len(word) >= (SHORTEST if word.isascii() else SHORTEST_HAN)
