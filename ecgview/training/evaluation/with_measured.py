"""A network's answers with the shares of measured values in them, as `classify` gives them by the model's card.

What is in doubt, or could not be measured of a record, leaves the network's own answer, as there.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ecgview.models.measured_shares import logit, sigmoid
from ecgview.models.measured_terms import Rest
from ecgview.progress import Progress, silent
from ecgview.training.data import collection, measured_values
from ecgview.training.data.measured_values import Values
from ecgview.training.data.recordings import Reading
from ecgview.training.evaluation.asked import Asked


def answered(own: Asked, data: Path, cache: Path, progress: Progress = silent) -> Asked | None:
    """Return the answers of a model whose statements rest on measured values as well; None where none does.

    Args:
        own: of the network alone.
        data: the folder that its records are of.
        cache: where what is measured is kept, for it takes 60 ms a record.
        progress: told per record.
    """
    if not own.card.rests:
        return None
    names = {(row.source, row.record_id) for row in own.rows}
    key = hashlib.sha256(repr(sorted(names)).encode()).hexdigest()
    table = measured_values.load_or_measure(_of(data, names), cache, f"{data.resolve()}|{key}", progress)
    return with_values(own, {(row.source, row.record_id): values for row, values in table})


def _of(data: Path, names: set[tuple[str, str]]) -> Iterator[Reading]:
    return (one for one in collection.read_all(data) if (one[0].source, one[0].record_id) in names)


def with_values(own: Asked, values: Mapping[tuple[str, str], Values]) -> Asked:
    """Return the answers with these records' measured values in them."""
    said, rests = own.said.copy(), own.card.rests
    for k, code in enumerate(own.codes):
        if (rest := rests.get(code)) is None:
            continue
        for i, row in enumerate(own.rows):
            said[i, k] = _answer(float(said[i, k]), rest, values.get((row.source, row.record_id), {}))
    return replace(own, said=said)


def _answer(network: float, rest: Rest, values: Values) -> float:
    total = rest.intercept + rest.network * logit(network)
    for term in rest.terms:
        if term.value not in values or (share := term.share(values[term.value])) is None:
            return network
        total += share
    return sigmoid(total)
