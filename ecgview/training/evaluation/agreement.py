"""How often readers agree with a model's reasons, held against how often they agree with shams.

A reader who nods at everything agrees with shams, too: only the difference says something of the model. Agreement is
agree / (agree + disagree); "missed here" and "artefact" are counted apart. A difference whose interval contains zero is
no finding, and none is claimed.
"""

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview import csv_cells
from ecgview.errors import StoreError
from ecgview.review.judgement import Judgement, Verdict, standing
from ecgview.review.store import Store, default_path
from ecgview.training.evaluation.classification import wilson
from ecgview.training.evaluation.metrics import Bootstrap, Interval
from ecgview.training.evaluation.plain import Figure, interval
from ecgview.training.evaluation.written import write_text

RESAMPLES = 2000
COLUMNS = (
    "record_sha256",
    "reader",
    "number",
    "verdict",
    "leads",
    "start_s",
    "end_s",
    "kind",
    "target",
    "model",
    "version",
    "sha256",
    "method",
    "stamp",
    "shown",
    "shown_target",
    "read_number",
    "utc",
    "application",
)
_RATED = (Verdict.AGREE, Verdict.DISAGREE)
Doubles = NDArray[np.float64]


def read(path: Path | None = None) -> tuple[Judgement, ...]:
    """Return every judgement of a store, with what withdraws it; None is the user's own, which may not be there yet.

    Raises:
        StoreError: there is no such store, or it cannot be read.
    """
    if path is None and not default_path().exists():
        return ()
    path = path or default_path()
    if not path.is_file():
        raise StoreError("there is no database of reads", where=str(path))
    with Store(path) as store:
        return store.judgements()


def figures(kept: Sequence[Judgement], resamples: int = RESAMPLES) -> dict[str, Any]:
    """Return counts and agreement as plain values; readers are numbered in the order of their first judgement.

    Shares come with Wilson's 95 % interval, and the clustered bootstrap's by record where records were judged more
    than once: the wider of both at each end.
    """
    rows = standing(kept)
    names = pseudonyms(kept)
    return {
        "judgements": len(rows),
        "withdrawn": sum(1 for one in kept if one.withdraws),
        "records": len({one.record_sha256 for one in rows}),
        "readers": len({one.reader for one in rows}),
        "counts": _counts(rows),
        "agreement": [_agreement(*group, resamples) for group in _groups(rows, target=False)],
        "by_target": [_agreement(*group, resamples) for group in _groups(rows, target=True)],
        "by_reader": [
            {"reader": names[reader]}
            | _agreement(name, [one for one in own if one.reader == reader], resamples)
            for name, own in _groups(rows, target=False)
            for reader in dict.fromkeys(one.reader for one in own)
        ],
    }


def pseudonyms(kept: Iterable[Judgement]) -> dict[str, str]:
    """Return a name for each reader that tells nothing: "reader 1", in the order of their first judgement."""
    readers = dict.fromkeys(one.reader for one in kept)
    return {reader: f"reader {number}" for number, reader in enumerate(readers, 1)}


def write_rows(kept: Sequence[Judgement], path: Path) -> None:
    """Write every judgement that stands as CSV: readers by pseudonym, without what they typed (it may name anybody)."""
    names = pseudonyms(kept)
    text = io.StringIO()
    writer = csv_cells.Writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in standing(kept):
        opinion, judged = one.opinion, one.opinion.judged
        writer.writerow(
            (
                one.record_sha256,
                names[one.reader],
                one.number,
                opinion.verdict.value,
                " ".join(opinion.leads),
                f"{opinion.start_s:g}",
                f"{opinion.end_s:g}",
                judged.kind,
                judged.target,
                judged.model_id,
                judged.version,
                judged.sha256,
                judged.method,
                judged.stamp,
                judged.shown,
                judged.shown_target,
                one.read_number,
                one.moment.utc,
                one.application,
            )
        )
    write_text(path, text.getvalue())


def _key(one: Judgement, *, target: bool) -> tuple[str, ...]:
    judged = one.opinion.judged
    return (judged.kind, judged.model_id, judged.version, judged.target if target else "")


def _groups(rows: Sequence[Judgement], *, target: bool) -> list[tuple[dict[str, str], list[Judgement]]]:
    """Return the judgements of each kind, model and version, and, where asked for, of each target."""
    found: dict[tuple[str, ...], list[Judgement]] = {}
    for one in rows:
        found.setdefault(_key(one, target=target), []).append(one)
    columns = ("kind", "model", "version", "target")[: 4 if target else 3]
    return [(dict(zip(columns, key, strict=False)), found[key]) for key in sorted(found)]


def _counts(rows: Sequence[Judgement]) -> list[dict[str, Any]]:
    counted = Counter(
        (*_key(one, target=True), one.opinion.judged.shown, one.opinion.verdict.value) for one in rows
    )
    columns = ("kind", "model", "version", "target", "shown", "verdict", "n")
    return [dict(zip(columns, (*key, counted[key]), strict=True)) for key in sorted(counted)]


def _agreement(name: dict[str, str], rows: Sequence[Judgement], resamples: int) -> dict[str, Any]:
    """Return the agreement with what was true and with shams, and their difference; None where either is missing."""
    rated = [one for one in rows if one.opinion.verdict in _RATED]
    agrees = np.array([one.opinion.verdict is Verdict.AGREE for one in rated], np.float64)
    is_true = np.array([one.opinion.judged.shown == "true" for one in rated], bool)
    records = np.unique(np.array([one.record_sha256 for one in rated], str), return_inverse=True)[1]
    found: dict[str, Any] = dict(name)
    shares: list[Interval | None] = []
    for word, chosen in (("true", is_true), ("sham", ~is_true)):
        share = _share(agrees[chosen], records[chosen], resamples)
        shares.append(share)
        found[word] = {
            "agree": int(agrees[chosen].sum()),
            "disagree": int((1 - agrees[chosen]).sum()),
            "records": len(np.unique(records[chosen])),
            "agreement": None if share is None else interval(share),
        }
        others = [one for one in rows if (one.opinion.judged.shown == "true") == (word == "true")]
        for verdict in (Verdict.MISSED, Verdict.ARTEFACT):
            found[word][verdict.value] = sum(1 for one in others if one.opinion.verdict is verdict)
    found["difference"] = None
    found["claim"] = "none: nothing to hold agreement against" if any(s is None for s in shares) else ""
    true, sham = shares
    if true is not None and sham is not None:
        found["difference"], found["claim"] = _difference(true, sham, agrees, is_true, records, resamples)
    return found


def _share(agrees: Doubles, records: NDArray[np.int64], resamples: int) -> Interval | None:
    """Return agree / (agree + disagree) with its interval; None where nothing was rated."""
    if not len(agrees):
        return None
    clusters = np.unique(records, return_inverse=True)[1]
    value, n_records = float(agrees.mean()), int(clusters.max()) + 1
    low, high = (float(end[0]) for end in wilson(np.array([value]), np.array([n_records])))
    if n_records < len(agrees):  # several of a record: they are not independent
        drawn = Bootstrap(len(agrees), resamples, groups=clusters).draw(
            lambda w: (w @ agrees / w.sum(1))[:, None]
        )
        (spread,) = drawn.each()
        low, high = min(low, spread.low), max(high, spread.high)
    return Interval(value, low, high)


def _difference(
    true: Interval,
    sham: Interval,
    agrees: Doubles,
    is_true: NDArray[np.bool_],
    records: NDArray[np.int64],
    resamples: int,
) -> tuple[Figure, str]:
    """Return agreement with maps less that with shams, and what may be claimed of it.

    The interval is Newcombe's from the two of the shares; where a record was judged more than once, the wider of that
    and the clustered bootstrap's.
    """
    value = true.value - sham.value
    low = value - float(np.hypot(true.value - true.low, sham.high - sham.value))
    high = value + float(np.hypot(true.high - true.value, sham.value - sham.low))
    if len(np.unique(records)) < len(records):
        weights_of = np.column_stack([is_true, ~is_true]).astype(np.float64)

        def figure(weights: Doubles) -> Doubles:
            with np.errstate(invalid="ignore", divide="ignore"):
                both = (weights @ (weights_of * agrees[:, None])) / (weights @ weights_of)
            return np.asarray(both[:, :1] - both[:, 1:], np.float64)

        (spread,) = Bootstrap(len(agrees), resamples, groups=records).draw(figure).each()
        low, high = np.nanmin([low, spread.low]), np.nanmax([high, spread.high])
    found = interval(Interval(value, float(low), float(high)))
    if low > 0:
        return found, "readers agree more often with these maps than with shams"
    if high < 0:
        return found, "readers agree less often with these maps than with shams"
    return found, "none: the interval of the difference contains zero"
