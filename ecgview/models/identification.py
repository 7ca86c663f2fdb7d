"""Are two ECGs of one patient? The correlation of their median beats, or a network's cosine; what either was worth.

Median beats: `same_patient`, which is the default. Source of the network: lead-agnostic with ArcFace (methods D.7);
verification on embeddings and the calibration are ours.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError, NotAnalysed
from ecgview.leads import STANDARD_12
from ecgview.models import asking, cards, context, guard, runtime, same_patient
from ecgview.models.cards import ModelCard
from ecgview.models.preprocessing import prepare
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.results import Identification

MOST_SEGMENTS = 12  # of a long record; a minute says enough


def compare(
    one: EcgRecord,
    two: EcgRecord,
    model_id: str | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> Identification:
    """Return how alike two records are by leads that both have, and how that is to be read.

    The likelihood ratio says how much more often such a cosine came from two recordings of one patient than from
    two patients, on the pairs that the model's card names. It is no probability: that depends on who is asked.

    Raises:
        ModelError: no common lead, a record that cannot be judged or is not analysed, or a model of another kind.
    """
    card = cards.default("identifier") if model_id is None else cards.get(model_id)
    if card.kind != "identifier":
        raise ModelError(f"{card.id} does not identify", expected="an identifier", found=card.kind)
    if card.network == same_patient.NETWORK:
        return _by_beats(one, two, card, progress)
    leads = tuple(name for name in STANDARD_12 if one.has(name) and two.has(name))
    if not leads:
        raise NotAnalysed("the two records have no standard lead in common", where=two.source.path or None)
    for record in (one, two):
        guard.check(record, leads)
    progress(0.1, "loading the model")
    first, second = (embedding(record, card, leads, device) for record in (one, two))
    cosine = float(first @ second)
    known = read_verification(card)
    log_ratio = (known["slope"] * cosine + known["offset"]) / math.log(10)
    first_far, first_doubts = _doubts_of(one, device)
    second_far, second_doubts = _doubts_of(two, device)
    progress(1.0, "done")
    return Identification(
        model=card.facts,
        leads=leads,
        cosine=cosine,
        log10_likelihood_ratio=log_ratio,
        threshold=known["threshold"],
        is_same=cosine >= known["threshold"],
        equal_error_rate=known["equal_error_rate"],
        n_genuine=int(known["n_genuine"]),
        n_impostor=int(known["n_impostor"]),
        warnings=(*_doubts(first_doubts, second_doubts), *_looked_at((one, two), leads, card)),
        device=runtime.resolve_device(device),
        feature_distance_percentiles=(first_far, second_far),
    )


def _by_beats(one: EcgRecord, two: EcgRecord, card: ModelCard, progress: Progress) -> Identification:
    from ecgview.models import measuring

    found = []
    for number, record in enumerate((one, two)):
        guard.check(record, ())
        progress(0.1 + 0.4 * number, "measuring")
        found.append((record, measuring.measured(record)))
    return same_patient.compare(card, *found)


def _looked_at(records: Sequence[EcgRecord], leads: Sequence[str], card: ModelCard) -> Iterator[str]:
    """Yield what of the recordings the answer rests on, where that is not all."""
    absent = len(card.input.leads) - len(leads)
    if absent > 0:
        yield f"compared by {', '.join(leads)} alone: {absent} of the leads that the model takes are not in both"
    longest = MOST_SEGMENTS * card.input.seconds
    for name, record in zip(("first", "second"), records, strict=True):
        if record.seconds >= longest + card.input.seconds:
            yield f"{name} recording: the first {longest:g} of {record.seconds:.0f} s were looked at"


def _doubts_of(record: EcgRecord, device: str) -> tuple[float | None, tuple[str, ...]]:
    far, doubt = asking.how_unusual(record, device)
    return far, (*context.doubts(record), *filter(None, (doubt,)))


def _doubts(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """Return the doubts about both records, each with the recording that it is about; no name of a file or person."""
    return (
        *(f"both recordings: {text}" for text in first if text in second),
        *(f"first recording: {text}" for text in first if text not in second),
        *(f"second recording: {text}" for text in second if text not in first),
    )


def embedding(record: EcgRecord, card: ModelCard, leads: tuple[str, ...], device: str) -> NDArray[np.float32]:
    """Return a unit vector: the mean over the record's consecutive segments, from these leads alone."""
    import torch

    spec = card.input
    step = round(spec.seconds * record.sampling_rate_hz)
    count = max(1, min(MOST_SEGMENTS, record.n_samples // step))
    only = _with_leads(record, leads)
    parts = [
        prepare(only.with_signal(only.signal[:, k * step : (k + 1) * step] if k else only.signal), spec)
        for k in range(count)
    ]
    device = runtime.resolve_device(device)
    net = runtime.network(card, device)
    with torch.inference_mode():
        found = net.forward_features(torch.from_numpy(np.stack(parts)).to(device))  # type: ignore[operator]
        unit = torch.nn.functional.normalize(found.float(), dim=1).sum(0)
        vector: NDArray[np.float32] = torch.nn.functional.normalize(unit, dim=0).cpu().numpy()
    return vector


def _with_leads(record: EcgRecord, leads: tuple[str, ...]) -> EcgRecord:
    signal = np.stack([record.lead(name) for name in leads])
    return replace(record, signal=signal, lead_names=leads)


def read_verification(card: ModelCard) -> dict[str, float]:
    """Return slope and offset of the log likelihood ratio, the threshold, and the pairs they come from.

    Raises:
        ModelError: the file beside the card is missing or lacks a number.
    """
    path = Path(card.folder) / same_patient.VERIFICATION
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        names = ("slope", "offset", "threshold", "equal_error_rate", "n_genuine", "n_impostor")
        return {name: float(raw[name]) for name in names}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"cannot be understood ({error})", where=str(path), expected="slope, offset, threshold, ..."
        ) from None
