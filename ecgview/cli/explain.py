"""Explanations of a file."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgview import api
from ecgview.cli import _answers, _each, _exposure, _maps, _mask_and_ask, _output
from ecgview.errors import ModelError

if TYPE_CHECKING:
    from ecgview.explain import Explanation

NAME = "explain"
HELP = "say what a model's answer rests on; alone, which explanations there are"
OPENS_ECGS = True


def register(parser: argparse.ArgumentParser) -> None:
    """Add FILE, the explanation, its model and the output."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, nargs="?", help="an ECG; without it, which there are"
    )
    parser.add_argument("--with", dest="explanation", metavar="NAME", help="the explanation")
    parser.add_argument(
        "--target", metavar="NAME", default="", help="with --with: the statement or predictor asked about"
    )
    _maps.add_arguments(parser)
    parser.add_argument(
        "--model", metavar="ID", help="a model of the kind that the explanation needs, see the list"
    )
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=_output.of_kind(*_maps.KINDS),
        help="numbers and all that is drawn on the trace (.json); a map also as arrays (.npz) or a picture (.png)",
    )
    _mask_and_ask.add(parser)
    _each.always_fp32(parser, "the differences that explain a number are as small as the rounding of bf16")
    _each.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print numbers and sentences of an explanation with the model's facts, and write all of it where asked."""
    from ecgview import explain

    if _maps.is_asked(args):
        return _maps.run(args)
    if _mask_and_ask.is_asked(args):
        return _mask_and_ask.run(args)
    if args.explanation is None and args.file is None and args.output is None and args.model is None:
        rows = {name: {"name": one.NAME, "needs": one.NEEDS} for name, one in explain.known().items()}
        if args.json:
            _each.print_json(rows)
        else:
            print("\n".join(f"{key}: {row['name']} (needs: {row['needs']})" for key, row in rows.items()))
        return 0
    if args.explanation is None or args.file is None:
        missing = "--with NAME" if args.explanation is None else "FILE"
        raise ModelError(
            f"{missing} is missing",
            expected=f"--with one of {', '.join(explain.known())}, --statement CODE or --lef",
        )
    if args.output is not None and args.output.suffix.lower() != ".json":
        raise ModelError("this explanation is written as .json", found=str(args.output))
    _output.keep_apart(args.output, args.file)
    _each.say_research_only()
    record = api.open_ecg(args.file)
    with _answers.memory() as memory:
        found = api.explain(
            record, args.explanation, args.model, args.device, target=args.target, memory=memory
        )
    _exposure.log("explain", [record.source.sha256], found.model.model_id)
    told = {"path": str(args.file), "explanation": args.explanation, **_told(found)}
    if args.output is not None:
        _output.write_json(told, args.output)
    if args.json:
        _each.print_json(told)
    else:
        print("\n".join(_text(args, found)))
    return 0


def _told(found: "Explanation") -> dict[str, Any]:
    from ecgview.report.json_report import plain

    return {
        "model": asdict(found.model),
        "numbers": plain(dict(found.numbers)),
        "lines": list(found.lines),
        "warnings": list(found.warnings),
        "precision": found.precision,
        "feature_distance_percentile": found.feature_distance_percentile,
        "overlay": plain(found.overlay),
    }


def _text(args: argparse.Namespace, found: "Explanation") -> list[str]:
    numbers = [f"  {name}: {value:.6g}" for name, value in found.numbers]
    legend = [f"  {found.overlay.legend}"] if found.overlay.legend else []
    named = f"{found.model.named} in {found.precision}"
    facts = f"  {named}, {found.model.calibrated}, trained on {found.model.training_data}"
    caveat = [f"  {found.model.caveat}"] if found.model.caveat else []
    head = f"{args.file}: {args.explanation}" + (f", written to {args.output}" if args.output else "")
    notes = [f"  note: {warning}" for warning in found.warnings]
    return [head, *notes, *numbers, *(f"  {line}" for line in found.lines), *legend, facts, *caveat]
