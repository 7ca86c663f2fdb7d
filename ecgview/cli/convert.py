"""Convert ECG files between formats."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from ecgview import api
from ecgview.cli import _each, _exposure, _passphrase, _progress
from ecgview.errors import ReportError

NAME = "convert"
HELP = "write ECGs in another format (`ecgview formats` lists them), de-identified unless told otherwise"
OPENS_ECGS = True


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sources, the target and what becomes of the identity."""
    parser.add_argument("sources", metavar="IN", nargs="+", help="files, folders, patterns, archives")
    parser.add_argument(
        "out", metavar="OUT", type=Path, help="a file (its suffix chooses the format) or a folder"
    )
    parser.add_argument(
        "--to",
        metavar="FORMAT",
        default="",
        help="for a folder: the suffix of a format that is written, such as dcm or csv",
    )
    identity = parser.add_mutually_exclusive_group()
    identity.add_argument(
        "--deidentify",
        action="store_true",
        default=True,
        help="without name, identifiers, dates, free text, and under new names (the default)",
    )
    identity.add_argument(
        "--identified", dest="deidentify", action="store_false", help="with all that the source says"
    )
    parser.add_argument(
        "--key",
        metavar="FILE",
        type=Path,
        help="write which new file was which, under a passphrase",
    )
    parser.add_argument(
        "--with",
        dest="also",
        choices=["measurements"],
        help="with ecgview's own measurements, said to be so, in the place of the device's; WFDB also gets P, QRS and "
        "T of each beat as annotations (waves)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there")
    _each.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Convert, tell the losses, and return 1 if a file failed."""
    _each.say_research_only()
    shared = args.out if args.to else args.out.parent
    if args.key and args.key.resolve().is_relative_to(shared.resolve()):
        raise ReportError(
            "the key would be shared with the files", where=str(args.key), expected="a place outside OUT"
        )
    passphrase = _passphrase.asked(twice=True) if args.key else ""
    with _progress.shown() as progress:
        rows = api.convert(
            args.sources,
            args.out,
            args.to,
            deidentify=args.deidentify,
            overwrite=args.overwrite,
            measurements=args.also == "measurements",
            key=args.key,
            passphrase=passphrase,
            progress=progress,
        )
    written = (
        api.open_ecg(row.source).source.sha256 for row in rows if not row.error
    )  # read only to be logged
    if not args.deidentify:
        _exposure.log("identified_export", written, "convert")
    elif args.also == "measurements":
        _exposure.log_measured(written, "convert")
    for row in rows:
        if row.error:
            print(f"ecgview: {row.source}: {row.error}", file=sys.stderr)
        elif not args.json:
            print(f"{row.target}: {row.loss}")
    if args.json:
        _each.print_json([asdict(row) for row in rows])
    return 1 if any(row.error for row in rows) else 0
