"""Report of a file."""

import argparse
import sys
from pathlib import Path

from ecgview import api
from ecgview.cli import _answers, _criteria, _each, _exposure, _output
from ecgview.errors import ReportError
from ecgview.paper import layouts

NAME = "report"
HELP = "PDF (true scale) or JSON report; unconfirmed, since no reader signs on the command line"
OPENS_ECGS = True
MEDIAN = {"apart": "median 3x4", "superimposed": "median superimposed"}


def register(parser: argparse.ArgumentParser) -> None:
    """Add FILE, the output and the layout."""
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument(
        "-o", "--output", metavar="OUT.pdf", type=Path, required=True, help="the suffix chooses the form"
    )
    parser.add_argument(
        "--layout",
        default="3x4+1R",
        help=", ".join(f"'{name}'" if " " in name else name for name in layouts.known()),
    )
    parser.add_argument(
        "--map",
        metavar="CODE",
        help="a page with where on the trace the score of a statement comes from, or that of `lef`",
    )
    parser.add_argument(
        "--anyway",
        action="store_true",
        help="with --map: a statement for which no map is offered; the reason stands by it",
    )
    parser.add_argument(
        "--median",
        nargs="?",
        const="apart",
        choices=list(MEDIAN),
        help="a page of the median beats, with the values of each lead on the next: leads apart, or superimposed",
    )
    parser.add_argument(
        "--median-speed", type=float, default=25.0, choices=[25.0, 50.0], metavar="MM_PER_S",
        help="of that page: 25 (the default) or 50 mm/s",
    )  # fmt: skip
    parser.add_argument("--no-ai", action="store_true", help="without AI results")
    parser.add_argument("--model", metavar="ID", help="the classifier")
    parser.add_argument(
        "--lef-model", metavar="ID", help="the LEF model; a fitted one adds a page of pictures"
    )
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    _criteria.add_choice(parser)
    _each.add_precision(parser)
    who = parser.add_mutually_exclusive_group()
    who.add_argument(
        "--deidentify",
        action="store_true",
        help="without what tells who, where and when; the name of OUT stands for the patient (the default)",
    )
    who.add_argument("--identified", action="store_true", help="with name, ID, dates and device of the file")
    _each.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Write the report."""
    _output.keep_apart(args.output, args.file)
    if args.map is not None and args.no_ai:
        raise ReportError("a map is an AI result", where="--map", expected="--map or --no-ai, not both")
    choices = _criteria.chosen(args)
    _each.say_research_only()

    notes: list[str] = []

    def tell(fraction: float, text: str = "") -> None:
        if text.startswith("without"):
            notes.append(text)
            print(f"ecgview: {text}", file=sys.stderr)

    record = api.open_ecg(args.file)
    with _answers.memory() as memory:
        out = api.report(
            record,
            args.output,
            args.layout,
            not args.no_ai,
            args.device,
            tell,
            model=args.model,
            lef_model=args.lef_model,
            precision=args.precision,
            deidentify=not args.identified,
            memory=memory,
            on_trace=args.map,
            anyway=args.anyway,
            criteria_choices=choices,
            median_layout=None if args.median is None else MEDIAN[args.median],
            median_speed=args.median_speed,
        )
    _exposure.log("report", [record.source.sha256], "without AI" if args.no_ai else "with AI")
    if args.json:
        _each.print_json(
            {"path": str(args.file), "output": str(out), "layout": args.layout, "warnings": notes}
        )
    else:
        print(out)
    return _each.NOT_ANALYSED if any(note.startswith(api.NOT_ANALYSED) for note in notes) else 0
