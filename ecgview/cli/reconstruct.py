"""Masked reconstruction of a file."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from ecgview import api
from ecgview.cli import _each, _exposure, _output
from ecgview.results import Reconstruction

NAME = "reconstruct"
HELP = "hide segments at random and write what the masked autoencoder makes of them"
OPENS_ECGS = True


def register(parser: argparse.ArgumentParser) -> None:
    """Add FILE, the mask and the output."""
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--mask", type=float, default=0.25, help="share of the segments that is hidden")
    parser.add_argument("--seed", type=_each.seed, default=0, help="of the random choice")
    parser.add_argument("--model", metavar="ID", help="an autoencoder (default: the one that ships)")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    parser.add_argument("-o", "--output", metavar="OUT.npz", type=_output.of_kind(".npz"), required=True)
    _each.always_fp32(parser, "the errors that it is measured against were made in it")
    _each.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Write mask (segments,), signals (leads, samples) in mV and error (leads, segments) in uV."""
    _output.keep_apart(args.output, args.file)
    _each.say_research_only()
    record = api.open_ecg(args.file)
    result = api.reconstruct(record, args.mask, args.seed, args.model, args.device)
    _write(result, args.output)
    _exposure.log("reconstruct", [record.source.sha256], result.model.model_id)
    told = _told(result, args)
    if args.json:
        _each.print_json(told)
    else:
        hidden, overall = told["n_hidden"], told["error_uv"]
        for warning in result.warnings:
            print(f"  note: {warning}")
        print(
            f"{hidden} of {result.mask.size} segments hidden, error {overall:.1f} µV RMS: {args.output}\n"
            f"  {result.model.named} on {result.device} in {result.precision}, trained on {told['training_data']}"
        )
    return 0


def _told(result: Reconstruction, args: argparse.Namespace) -> dict[str, Any]:
    from ecgview.explain import reconstruction

    per_lead = np.sqrt(np.nanmean(result.error_uv**2, axis=1))
    return {
        "path": str(args.file),
        "output": str(args.output),
        "model": result.model.model_id,
        "version": result.model.version,
        "sha256": result.model.sha256,
        "origin": result.model.origin,
        "calibrated": result.model.calibrated,
        "training_data": result.model.training_data,
        "device": result.device,
        "precision": result.precision,
        "warnings": list(result.warnings),
        "feature_distance_percentile": result.feature_distance_percentile,
        "mask_ratio": args.mask,
        "seed": args.seed,
        "n_segments": int(result.mask.size),
        "n_hidden": int(result.mask.sum()),
        "error_uv": float(np.sqrt(np.nanmean(result.error_uv**2))),
        "error_uv_by_phase": {
            part.phase: {"segments": part.segments, "error_uv": part.error_uv, "percentile": part.percentile}
            for part in reconstruction.by_phase(result)
        },
        "percentile_of": result.reference,
        "error_uv_per_lead": dict(zip(result.lead_names, map(float, per_lead), strict=True)),
    }


def _write(result: Reconstruction, path: Path) -> None:
    from ecgview.report.whole_file import whole_file

    with whole_file(path) as part, open(part, "wb") as file:
        np.savez_compressed(
            file,
            mask=result.mask,
            measured=result.measured,
            reconstruction=result.reconstructed,
            error_uv=result.error_uv,
            lead_names=np.array(result.lead_names),
            fs_hz=result.sampling_rate_hz,
            segment_samples=result.segment_samples,
            model=result.model.model_id,
            sha256=result.model.sha256,
            precision=result.precision,
            warnings=np.array(result.warnings, dtype=np.str_),
            feature_distance_percentile=np.float64(
                np.nan if result.feature_distance_percentile is None else result.feature_distance_percentile
            ),
        )
