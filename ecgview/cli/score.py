"""Score a whole archive into one table."""

import argparse
from pathlib import Path

from ecgview import api
from ecgview.cli import _each, _exposure, _output, _progress
from ecgview.counts import counted

NAME = "score"
HELP = "a row of probabilities for every ECG below a folder, as a Parquet table; resumed after a stop"
OPENS_ECGS = True


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument(
        "-o", "--output", metavar="OUT.parquet", type=_output.of_kind(".parquet"), required=True
    )
    parser.add_argument("--model", metavar="ID", help="a classifier (default: the one that ships)")
    parser.add_argument(
        "--lef", metavar="ID", nargs="?", const="default", default="", help="the LEF model too"
    )
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    _each.add_precision(parser)
    parser.add_argument(
        "--workers",
        type=_each.count,
        metavar="N",
        help="processes of one thread, about 0.6 GB of memory each (default: one for each core)",
    )
    parser.add_argument("--part", type=_each.count, default=64, metavar="N", help="files of a part")
    parser.add_argument("--ray", action="store_true", help="run the parts on Ray (extra: ray)")
    _each.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Score, and say where the table is."""
    _each.say_research_only()
    with _progress.shown() as progress:
        found = api.score(
            args.folder,
            args.output,
            args.model,
            args.lef,
            args.device,
            per_part=args.part,
            workers=args.workers,
            precision=args.precision,
            on_ray=args.ray,
            progress=progress,
        )
    _exposure.log_run("score", _manifest(args.output), args.output.name)
    if args.json:
        _each.print_json(found)
    else:
        rows = f"{counted(found['n_rows'], 'row')}, {found['n_errors']} of them of files that cannot be read"
        print(f"{found['output']}: {rows}, in {found['precision']}")
        if found["precision_note"]:
            print(f"  note: {found['precision_note']}")
    return 1 if found["n_errors"] else 0


def _manifest(table: Path) -> list[str]:
    """Return the fingerprints of the records in a table; "" of a file that could not be read."""
    import pyarrow.parquet as pq

    return [sha256 or "" for sha256 in pq.read_table(table, columns=["sha256"])["sha256"].to_pylist()]
