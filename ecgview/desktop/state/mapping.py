"""Making and checking maps of attribution: plain functions that run in a worker, no Qt."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from ecgview.desktop.state.shams import Given
from ecgview.desktop.work import steady
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.results import Attribution, LefResult, Prediction, Stamp


class Kept(Protocol):
    """Where maps and stamps are kept by the question that they answer; from any thread."""

    def get(self, question: object) -> object | None:
        """Return the answer to a question, if it is still there."""

    def keep(self, question: object, answer: object) -> None:
        """Keep an answer."""


def mapped(
    record: EcgRecord,
    given: Given,
    answer: Prediction | LefResult,
    kept: Kept,
    device: str,
    progress: Progress = silent,
) -> tuple[Attribution, Stamp | None]:
    """Return the map of a target, and its stamp where that is known already.

    Raises:
        ModelError: the model has no map, or the record does not fit.
        Cancelled: `progress` says that nobody waits any more.
    """
    steady.load_model_libraries()
    question = _question(record, given, answer, device)
    found = kept.get(("map", question))
    if not isinstance(found, Attribution):
        found = _made(record, given, answer, device, progress)
        kept.keep(("map", question), found)
    found = replace(found, record_sha256=record.source.sha256)  # the same samples may lie in another file
    stamp = kept.get(("stamp", question))
    return found, stamp if isinstance(stamp, Stamp) else None


def stamped(
    record: EcgRecord,
    given: Given,
    answer: Prediction | LefResult,
    found: Attribution,
    kept: Kept,
    device: str,
    progress: Progress = silent,
) -> Stamp:
    """Return what the checks of a map on its own record say; raises as `mapped`."""
    steady.load_model_libraries()
    from ecgview.explain import faithfulness

    stamp = faithfulness.stamp(record, found, device, progress)
    kept.keep(("stamp", _question(record, given, answer, device)), stamp)
    return stamp


def _made(
    record: EcgRecord, given: Given, answer: Prediction | LefResult, device: str, progress: Progress
) -> Attribution:
    from ecgview.explain import attribution, lef_attribution, sham_map

    target = given.target.name
    if isinstance(answer, LefResult):
        return lef_attribution.of(record, answer, target, device, progress)
    model_id = answer.model.model_id
    if given.kind == "sham-random":
        return sham_map.of_random_network(record, model_id, target, given.seed, device, progress)
    return attribution.of_statement(record, model_id, target, device, progress)


def _question(
    record: EcgRecord, given: Given, answer: Prediction | LefResult, device: str
) -> tuple[str, Given]:
    """Return what a map answers: the question behind the answer that it explains, and what of it is mapped."""
    from ecgview.models import asking, cards, fewer_leads, runtime
    from ecgview.models.preprocessing import prepare
    from ecgview.models.tabular import lef as tabular

    device = runtime.resolve_device(device)
    if isinstance(answer, Prediction):
        card, heard = fewer_leads.asked(runtime.classifier_named(answer.model.model_id), record)
        return asking.prediction_question(card, heard, prepare(heard, card.input), device), given
    lef_card = cards.get(answer.model.model_id)
    rests_on = [
        asking.prediction_question(card, record, prepare(record, card.input), device)
        for card in tabular.classifiers(lef_card, None)
    ]
    return asking.lef_question(lef_card, rests_on), given
