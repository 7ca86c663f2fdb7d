"""Diagnoses of a classifier."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ecgview import api
from ecgview.cli import _each

NAME = "classify"
HELP = "probabilities of a classifier's statements"


def register(parser: argparse.ArgumentParser) -> None:
    """Add FILE..., the model, the device and how many."""
    _each.add_files(parser)
    parser.add_argument("--model", metavar="ID", help="a classifier (default: the one that ships)")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    parser.add_argument(
        "--top", type=_each.count, metavar="N", help="only the N with the largest margin over threshold"
    )


def run(args: argparse.Namespace) -> int:
    """Print the predictions of each file."""
    _each.say_research_only()

    def work(path: Path) -> dict[str, Any]:
        answer = api.classify(path, args.model, args.device)
        scores = answer.by_margin()[: args.top] if args.top else answer.scores
        return {
            "path": str(path),
            "model": answer.model.model_id,
            "version": answer.model.version,
            "sha256": answer.model.sha256,
            "training_data": answer.model.training_data,
            "calibrated": answer.model.calibrated,
            "device": answer.device,
            "duration_ms": round(answer.duration_ms, 2),
            "warnings": list(answer.warnings),
            "predictions": [
                {"code": s.code, "label": s.label, "probability": s.probability, "threshold": s.threshold}
                for s in scores
            ],
        }

    return _each.run(args, work, _lines)


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['path']}  {found['model']} {found['version']} on {found['device']}, {found['calibrated']}"
    for warning in found["warnings"]:
        yield f"  note: {warning}"
    for item in found["predictions"]:
        threshold = item["threshold"]
        limit = "no threshold" if threshold is None else f"threshold {threshold:.3f}"
        mark = "*" if threshold is not None and item["probability"] >= threshold else " "
        yield f"  {mark} {item['code']:<8} {item['probability']:.3f}  ({limit})  {item['label']}"
