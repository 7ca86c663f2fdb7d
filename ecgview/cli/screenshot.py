"""A picture of the real window."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ecgview import api
from ecgview.cli import _each, _exposure, _output
from ecgview.paper.plan import LAYOUTS

if TYPE_CHECKING:
    from ecgview.desktop.state.shams import Target

NAME = "screenshot"
HELP = "render the real window on a file, without a screen"
OPENS_ECGS = True


def register(parser: argparse.ArgumentParser) -> None:
    """Add FILE, the output, view, size and theme."""
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("-o", "--output", metavar="OUT.png", type=_output.of_kind(".png"), required=True)
    parser.add_argument("--view", default="read", choices=["read", "explain", "reconstruct", "annotate"])
    parser.add_argument("--size", type=_size, default=(1600, 1000), metavar="WIDTHxHEIGHT")
    parser.add_argument("--theme", default="light", choices=["light", "dark"])
    parser.add_argument("--model", metavar="ID", help="the classifier")
    parser.add_argument(
        "--explanation",
        metavar="NAME",
        default="",
        help="on the trace in the view explain, see `ecgview explain`",
    )
    parser.add_argument("--layout", choices=list(LAYOUTS), default="", help="of the paper, as in the menu")
    parser.add_argument(
        "--waves", action="store_true", help="with the edges of waves and the kinds of beats on the trace"
    )
    parser.add_argument(
        "--whole",
        action="store_true",
        help="open all of a recording of hours for the picture; otherwise its first ten minutes are opened",
    )
    mapped = parser.add_mutually_exclusive_group()
    mapped.add_argument(
        "--statement", metavar="CODE", help="in the view explain, where its score comes from on the trace"
    )
    mapped.add_argument(
        "--predictor",
        metavar="NAME",
        help="the same of a predictor of low ejection fraction, or of `all` of them",
    )
    _each.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Write the picture."""
    from ecgview.desktop import screenshot

    _output.keep_apart(args.output, args.file)
    _each.say_research_only()
    out = screenshot.take(
        args.file,
        args.output,
        args.view,
        args.size,
        args.theme,
        args.model,
        explanation=args.explanation,
        target=_target(args),
        layout=args.layout,
        waves=args.waves,
        whole=args.whole,
    )
    _exposure.log("screenshot", [api.open_ecg(args.file).source.sha256], f"{args.view} view")
    if args.json:
        width, height = args.size
        _each.print_json(
            {
                "path": str(args.file),
                "output": str(out),
                "view": args.view,
                "theme": args.theme,
                "width": width,
                "height": height,
            }
        )
    else:
        print(out)
    return 0


def _target(args: argparse.Namespace) -> "Target | None":
    from ecgview.desktop.state.shams import Target

    if args.statement is not None:
        return Target("statement", args.statement)
    if args.predictor is None:
        return None
    return Target("lef") if args.predictor == "all" else Target("predictor", args.predictor)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (
        width.isdigit() and height.isdigit() and 320 <= int(width) <= 8000 and 240 <= int(height) <= 8000
    ):
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 1600x1000")
    return int(width), int(height)
