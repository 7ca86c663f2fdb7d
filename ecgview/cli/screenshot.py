"""A picture of the real window."""

import argparse
from pathlib import Path

from ecgview import api
from ecgview.cli import _each, _exposure, _output

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
    _each.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Write the picture."""
    from ecgview.desktop import screenshot

    _each.say_research_only()
    out = screenshot.take(
        args.file, args.output, args.view, args.size, args.theme, args.model, explanation=args.explanation
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


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (
        width.isdigit() and height.isdigit() and 320 <= int(width) <= 8000 and 240 <= int(height) <= 8000
    ):
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 1600x1000")
    return int(width), int(height)
