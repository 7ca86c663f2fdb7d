"""Masked reconstruction of a file."""

import argparse
from pathlib import Path

import numpy as np

from ecgview import api
from ecgview.cli import _each
from ecgview.errors import ReportError

NAME = "reconstruct"
HELP = "hide segments at random and write what the masked autoencoder makes of them"


def register(parser: argparse.ArgumentParser) -> None:
    """Add FILE, the mask and the output."""
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--mask", type=float, default=0.25, help="share of the 200 segments that is hidden")
    parser.add_argument("--seed", type=int, default=0, help="of the random choice")
    parser.add_argument("--model", metavar="ID", help="an autoencoder (default: the one that ships)")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    parser.add_argument("-o", "--output", metavar="OUT.npz", type=Path, required=True)


def run(args: argparse.Namespace) -> int:
    """Write mask (segments,), signals (leads, samples) in mV and error (leads, segments) in uV."""
    _each.say_research_only()
    result = api.reconstruct(args.file, args.mask, args.seed, args.model, args.device)
    try:
        with open(args.output, "wb") as file:
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
            )
    except OSError as error:
        raise ReportError(f"cannot be written ({error.strerror})", where=str(args.output)) from None
    overall = float(np.sqrt(np.nanmean(result.error_uv**2)))
    print(
        f"{result.mask.sum()} of {result.mask.size} segments hidden, error {overall:.1f} uV RMS: {args.output}"
    )
    return 0
