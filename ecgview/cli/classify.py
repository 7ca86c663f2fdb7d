"""Diagnoses of a classifier."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgview import api
from ecgview.cli import _answers, _each, _exposure
from ecgview.labels.statements_shown import (
    ShownStatement,
    not_assessable_sentences,
    not_judged_sentence,
    shown,
)
from ecgview.signal.criteria.beside import Beside, beside

if TYPE_CHECKING:
    from ecgview.models.asking import Memory
    from ecgview.record import EcgRecord
    from ecgview.results import Prediction, Shares

NAME = "classify"
HELP = "probabilities of a classifier's statements"
OPENS_ECGS = True


def register(parser: argparse.ArgumentParser) -> None:
    """Add FILE..., the model, the device and how many."""
    _each.add_files(parser)
    parser.add_argument("--model", metavar="ID", help="a classifier (default: the one that ships)")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    _each.add_precision(parser)
    parser.add_argument(
        "--top",
        type=_each.count,
        metavar="N",
        help="every positive statement and, up to N in all, those nearest to their thresholds",
    )


def run(args: argparse.Namespace) -> int:
    """Print the predictions of each file."""
    _each.say_research_only()

    def work(path: Path, memory: "Memory") -> dict[str, Any]:
        record = api.open_ecg(path)
        answer = api.classify(record, args.model, args.device, precision=args.precision, memory=memory)
        _exposure.log("classify", [answer.record_sha256], answer.model.model_id)
        found = shown(answer)
        listed = found.nearest(args.top) if args.top else found.statements
        return {
            "path": str(path),
            "model": answer.model.model_id,
            "version": answer.model.version,
            "sha256": answer.model.sha256,
            "origin": answer.model.origin,
            "training_data": answer.model.training_data,
            "calibrated": answer.model.calibrated,
            "device": answer.device,
            "precision": answer.precision,
            "duration_ms": round(answer.duration_ms, 2),
            "lead_set": answer.lead_set,
            "leads": list(answer.leads),
            "analysed": answer.analysed,
            "reason": answer.reason,
            "warnings": list(answer.warnings),
            "feature_distance_percentile": answer.feature_distance_percentile,
            "summary": found.summary,
            "contradictions": list(found.contradictions),
            "percentile_of": found.reference,
            "not_judged": [item.score.code for item in found.not_judged],
            "not_judged_sentence": not_judged_sentence(found),
            "not_assessable_sentences": not_assessable_sentences(found),
            "predictions": [_plain(item) for item in listed],
            "by_rule": [_by_rule(one) for one in _beside(record, answer)],
        }

    with _answers.memory() as memory:
        return _each.run(args, lambda path: work(path, memory), _lines, lambda found: found["analysed"])


def _beside(record: "EcgRecord", answer: "Prediction") -> tuple[Beside, ...]:
    """Return what rules say of rate, rhythm and intervals beside the network; nothing where it was not asked."""
    return beside(api.criteria(record), answer.scores) if answer.analysed else ()


def _by_rule(one: Beside) -> dict[str, Any]:
    return {
        "statement": one.score.code,
        "criterion": one.criterion.code,
        "state": one.criterion.state,
        "numbers": one.criterion.numbers,
        "reason": one.criterion.reason,
        "definition": one.criterion.definition,
        "publication": one.criterion.publication,
        "probability": one.score.probability,
        "threshold": one.score.threshold,
        "is_told": one.is_told,
        "sentence": one.sentence,
    }


def _plain(item: ShownStatement) -> dict[str, Any]:
    score = item.score
    return {
        "code": score.code,
        "label": score.label,
        "part": item.part,
        "probability": score.probability,
        "threshold": score.threshold,
        "percentile": score.percentile,
        "status": item.status,
        "state": item.state,
        "not_assessable": score.not_assessable,
        "shares": None if score.shares is None else _shares(score.shares),
    }


def _shares(found: "Shares") -> dict[str, Any]:
    """Return what a statement's logit is made of, in logits; why the network answers alone, where it does."""
    return {
        "network_probability": found.network_probability,
        "base": found.base,
        "network": found.network,
        "measured": [asdict(one) for one in found.measured],
        "logit": None if found.not_used else found.logit,
        "not_used": found.not_used,
        "words": found.words,
    }


def _lines(found: dict[str, Any]) -> Iterator[str]:
    origin = f" ({found['origin']})" if found["origin"] else ""
    ran = f"on {found['device']} in {found['precision']}"
    yield f"{found['path']}  {found['model']} {found['version']}{origin} {ran}, {found['calibrated']}"
    for warning in found["warnings"]:
        yield f"  note: {warning}"
    yield f"  {found['summary']}"
    if not found["analysed"]:
        return
    for sentence in found["contradictions"]:
        yield f"  the model contradicts itself: {sentence}"
    yield f"  probability, {found['calibrated']}; percentile: {found['percentile_of']}"
    part = ""
    for item in found["predictions"]:
        if item["part"] != part:
            part = item["part"]
            yield f"  {part}"
        mark = "*" if item["status"] == "positive" else " "
        place = "" if item["percentile"] is None else f"{item['percentile']:.0f}"
        state = _state(item)
        yield f"  {mark} {item['code']:<8} {item['probability']:.3f}  {place:>3}  ({state})  {item['label']}"
        if item["shares"] and item["status"] == "positive":
            yield f"             {item['shares']['words']}"
    told = [one["sentence"] for one in found["by_rule"] if one["is_told"]]
    if told:
        yield "  By rule, beside the network; neither replaces the other"
    for sentence in told:
        yield f"    {sentence}"
    for sentence in found["not_assessable_sentences"]:
        yield f"  {sentence}"
    if found["not_judged_sentence"]:
        yield f"  {found['not_judged_sentence']}"


def _state(item: dict[str, Any]) -> str:
    if item["not_assessable"]:
        return f"not assessable: {item['not_assessable']}"
    if item["threshold"] is None:
        return str(item["state"])
    return f"threshold {item['threshold']:.3f}"
