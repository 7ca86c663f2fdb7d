"""WFDB annotation file of a read: marks as notes at their start and end, statements at the first sample.

What the reader said of a model's reasons stands there as notes, too, each named a judgement: it is no part of the read.
"""

from pathlib import Path

import numpy as np

from ecgview.errors import ReportError
from ecgview.report.content import ReportContent

NAME = "WFDB annotations"
SUFFIX = ".ecgview"
NOTE = '"'  # WFDB's symbol for a comment


def write(content: ReportContent, path: Path) -> Path:
    """Write `path` with its suffix as the annotator's name.

    Raises:
        ReportError: nothing was read yet, or the file cannot be written.
    """
    import wfdb

    path = Path(path)
    if content.read is None:
        raise ReportError("there is no read to export", where=str(path), expected="a committed read")
    notes = _notes(content)
    if not (notes and any(not text.startswith("log head ") for _, text in notes)):
        raise ReportError("the read holds no statement and no mark", where=str(path))
    notes.sort(key=lambda note: note[0])
    try:
        wfdb.wrann(
            path.stem,
            path.suffix.lstrip(".") or "ecgview",
            sample=np.array([sample for sample, _ in notes], dtype=np.int64),
            symbol=[NOTE] * len(notes),
            aux_note=[text for _, text in notes],
            fs=content.record.sampling_rate_hz,
            write_dir=str(path.parent),
        )
    except (ValueError, OSError) as error:
        raise ReportError(f"the annotations cannot be written ({error})", where=str(path)) from None
    return path


def _notes(content: ReportContent) -> list[tuple[int, str]]:
    """Return (sample, text): "statement CODE certainty", "log head N:HASH", "( leads code text", ") leads code"."""
    assert content.read is not None
    draft = content.read.content
    found = [(0, f"statement {s.code} {s.certainty}") for s in draft.statements]
    if content.signed_head:
        found.append((0, f"log head {content.signed_head}"))
    last = content.record.n_samples - 1
    for mark in draft.annotations:
        where = ",".join(mark.leads) or "all"
        start = min(last, round(mark.start_s * content.record.sampling_rate_hz))
        end = min(last, round(mark.end_s * content.record.sampling_rate_hz))
        found.append((start, f"( {where} {mark.code} {mark.text}".strip()))
        if end > start:
            found.append((end, f") {where} {mark.code}".strip()))
    for one in content.judgements:
        opinion = one.opinion
        where = ",".join(opinion.leads) or "all"
        start, end = (
            min(last, round(at * content.record.sampling_rate_hz)) for at in (opinion.start_s, opinion.end_s)
        )
        said = f"judgement {opinion.verdict.value}"
        found.append((start, f"( {where} {said} {opinion.judged.words} {opinion.text}".strip()))
        if end > start:
            found.append((end, f") {where} {said}"))
    return found
