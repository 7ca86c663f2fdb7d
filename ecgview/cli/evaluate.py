"""Score a model on records that it never saw."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

NAME = "evaluate"
HELP = "figures of a model on PTB-XL's test fold, with intervals and baselines"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("model", metavar="MODEL", help="id of a classifier or autoencoder")
    parser.add_argument("data", metavar="DATA", type=Path, help="folder with PTB-XL in it or one level below")
    parser.add_argument("--split", default="test", choices=["train", "validation", "test"])
    parser.add_argument("--cache", type=Path, help="folder of packed ECGs (default: the user's cache folder)")
    parser.add_argument("--resamples", type=int, default=1000, help="of the bootstrap")
    parser.add_argument("--no-baselines", action="store_true", help="leave the two logistic baselines out")
    parser.add_argument("--update-card", action="store_true", help="write the figures into the model's card")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("-o", "--output", type=Path, help="write the JSON here too")


def run(args: argparse.Namespace) -> int:
    """Evaluate and print."""
    from ecgview.models import cards
    from ecgview.training import evaluation

    cache = args.cache or _cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    figures = evaluation.evaluate(
        args.model,
        args.data,
        cache,
        args.split,
        _report,
        args.resamples,
        with_baselines=not args.no_baselines,
    )
    print("", file=sys.stderr)
    text = json.dumps(figures, indent=1, ensure_ascii=False)
    if args.output:
        args.output.write_text(text + "\n", encoding="utf-8")
    if args.update_card:
        evaluation.write_to_card(cards.get(args.model), figures)
    print(text if args.json else "\n".join(_lines(figures)))
    return 0


def _cache_folder() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("ecgview", appauthor=False)) / "packs"


def _report(fraction: float, text: str = "") -> None:
    print(f"\r{100 * fraction:5.1f} %  {text:<60}", end="", file=sys.stderr, flush=True)


def _lines(figures: dict[str, Any], indent: str = "") -> list[str]:
    """Return one line per figure: value with its 95 % interval, nested ones indented."""
    lines = []
    for name, value in figures.items():
        if isinstance(value, dict) and set(value) == {"value", "low", "high"}:
            lines.append(f"{indent}{name}: {value['value']:g} ({value['low']:g} to {value['high']:g})")
        elif isinstance(value, dict):
            lines += [f"{indent}{name}:", *_lines(value, indent + "  ")]
        else:
            lines.append(f"{indent}{name}: {value}")
    return lines
