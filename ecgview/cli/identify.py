"""Are two ECGs of one patient?"""

import argparse
from pathlib import Path

from ecgview import api
from ecgview.cli import _each

NAME = "identify"
HELP = "whether two ECGs may be of one patient, by the leads that both have"
OPENS_ECGS = True


def register(parser: argparse.ArgumentParser) -> None:
    """Add the two files, the model, the device."""
    parser.add_argument("one", metavar="A", type=Path)
    parser.add_argument("two", metavar="B", type=Path)
    parser.add_argument("--model", metavar="ID", help="an identifier (default: the one that is here)")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    _each.always_fp32(parser, "what a cosine is worth was measured in it")
    _each.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Compare and print."""
    _each.say_research_only()
    found = api.identify(args.one, args.two, args.model, args.device)
    if args.json:
        _each.print_json(
            {
                "a": str(args.one),
                "b": str(args.two),
                "model": found.model.model_id,
                "version": found.model.version,
                "sha256": found.model.sha256,
                "origin": found.model.origin,
                "training_data": found.model.training_data,
                "calibrated": found.model.calibrated,
                "leads": list(found.leads),
                "cosine": found.cosine,
                "threshold": found.threshold,
                "is_same_patient": found.is_same,
                "log10_likelihood_ratio": found.log10_likelihood_ratio,
                "equal_error_rate": found.equal_error_rate,
                "n_genuine": found.n_genuine,
                "n_impostor": found.n_impostor,
                "warnings": list(found.warnings),
                "device": found.device,
                "precision": found.precision,
                "feature_distance_percentile": dict(
                    zip("ab", found.feature_distance_percentiles, strict=True)
                ),
            }
        )
        return 0
    word = "like one patient" if found.is_same else "like two patients"
    for warning in found.warnings:
        print(f"  note: {warning}")
    print(
        f"{word}: cosine {found.cosine:.3f}, threshold {found.threshold:.3f}, leads {', '.join(found.leads)}"
    )
    print(
        f"  log10 likelihood ratio {found.log10_likelihood_ratio:+.2f} (no probability); at this threshold "
        f"{found.equal_error_rate:.1%} of {found.n_genuine} genuine pairs and of {found.n_impostor} others were wrong"
    )
    ran = f"on {found.device} in {found.precision}"
    print(f"  {found.model.named} {ran}, trained on {found.model.training_data}")
    return 0
