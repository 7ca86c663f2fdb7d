"""Are two ECGs of one patient?"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ecgview import api
from ecgview.cli import _each
from ecgview.models import same_patient
from ecgview.results import Identification

NAME = "identify"
HELP = "whether two ECGs may be of one patient, by the leads that both have"
OPENS_ECGS = True


def register(parser: argparse.ArgumentParser) -> None:
    """Add the two files, the model, the device."""
    parser.add_argument("one", metavar="A", type=Path)
    parser.add_argument("two", metavar="B", type=Path)
    parser.add_argument("--model", metavar="ID", help="an identifier (default: median-beat)")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    _each.always_fp32(parser, "what a cosine is worth was measured in it")
    _each.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Compare and print."""
    _each.say_research_only()
    found = api.identify(args.one, args.two, args.model, args.device)
    if args.json:
        _each.print_json(_as_json(args, found))
        return 0
    for warning in found.warnings:
        print(f"  note: {warning}")
    print(f"{found.verdict}:")
    print("\n".join(f"  {line}" for line in same_patient.worth(found)))
    return 0


def _as_json(args: argparse.Namespace, found: Identification) -> dict[str, Any]:
    return {
        "a": str(args.one),
        "b": str(args.two),
        "model": found.model.model_id,
        "version": found.model.version,
        "sha256": found.model.sha256,
        "origin": found.model.origin,
        "training_data": found.model.training_data,
        "calibrated": found.model.calibrated,
        "leads": list(found.leads),
        "verdict": found.verdict,
        "cosine": found.cosine,
        "threshold": found.threshold,
        "threshold_two": found.threshold_two,
        "is_same_patient": found.is_same,
        "log10_likelihood_ratio": found.log10_likelihood_ratio,
        "log10_likelihood_ratio_range": found.likelihood_range,
        "equal_error_rate": found.equal_error_rate,
        "n_genuine": found.n_genuine,
        "n_impostor": found.n_impostor,
        "known_pairs": None if found.known is None else asdict(found.known),
        "warnings": list(found.warnings),
        "device": found.device,
        "precision": found.precision,
        "feature_distance_percentile": dict(zip("ab", found.feature_distance_percentiles, strict=True)),
    }
