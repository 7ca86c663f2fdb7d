"""The LEF index and the LEF models."""

import argparse
from pathlib import Path

from ecgview.cli import _each, _progress

NAME = "lef"
HELP = "low ejection fraction from a classifier's predictors"


def register(parser: argparse.ArgumentParser) -> None:
    """Add `fit`, `synthetic` and `reference`."""
    steps = parser.add_subparsers(dest="stage", required=True, metavar="STAGE")
    fit = steps.add_parser("fit", help="fit, calibrate and explain a model on EchoNext")
    fit.add_argument("--data", type=Path, required=True, help="EchoNext, or a synthetic folder in its layout")
    fit.add_argument(
        "--out", type=Path, required=True, help="folder of the new model; its name is the model's id"
    )
    fit.add_argument(
        "--classifier",
        metavar="ID",
        action="append",
        default=[],
        help="whose outputs are the predictors; repeatable",
    )
    fit.add_argument(
        "--measured",
        action="store_true",
        help="measurements and criteria are predictors, too (about 0.1 s an ECG)",
    )
    fit.add_argument("--external", type=Path, help="another cohort in the same layout")
    fit.add_argument(
        "--limit", type=float, default=45.0, metavar="PERCENT", help="low is an LVEF of this or less (45)"
    )
    fit.add_argument("--cache", type=Path, help="kept answers of the classifiers (default: OUT/../cache)")
    fit.add_argument("--resamples", type=int, default=1000, help="of the bootstrap")
    fit.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    fit.add_argument("--smoke", action="store_true", help="few records, few models: to see that all works")

    synthetic = steps.add_parser(
        "synthetic", help="write synthetic ECGs in EchoNext's layout with a planted relation"
    )
    synthetic.add_argument("out", metavar="DIR", type=Path)
    synthetic.add_argument("--records", type=int, default=1200)
    synthetic.add_argument("--seed", type=_each.seed, default=0)
    synthetic.add_argument("--classifier", metavar="ID", help="whose predictors carry the relation")

    reference = steps.add_parser(
        "reference", help="base value and percentiles of the index from PTB-XL outside the test fold"
    )
    reference.add_argument("--data", type=Path, required=True, help="folder with PTB-XL")
    reference.add_argument("--out", type=Path, required=True, help="the index's folder, with card.json")
    reference.add_argument("--classifier", metavar="ID", required=True)
    reference.add_argument("--cache", type=Path, help="folder of packed ECGs (default: OUT/../cache)")


def run(args: argparse.Namespace) -> int:
    """Do one of the three."""
    if args.stage == "synthetic":
        from ecgview.training.echonext import synthetic

        with _progress.shown() as progress:
            synthetic.write(args.out, args.records, args.seed, args.classifier, progress=progress)
        return 0
    cache = args.cache or args.out.parent / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    if args.stage == "reference":
        from ecgview.training.lef import reference

        with _progress.shown() as progress:
            reference.run(args.classifier, args.data, cache, args.out, progress)
        return 0
    return _fit(args, cache)


def _fit(args: argparse.Namespace, cache: Path) -> int:
    from ecgview.training.lef import run as lef
    from ecgview.training.lef.fit import FitRecipe

    recipe = lef.LefRecipe(limit_percent=args.limit, resamples=args.resamples)
    if args.smoke:
        quick = FitRecipe(strengths=(1e-2, 0.1), depths=(2,), rounds=40)
        recipe = lef.LefRecipe(limit_percent=args.limit, fit=quick, resamples=50, most_records=1000)
    with _progress.shown() as progress:
        card = lef.run(
            recipe,
            args.data,
            args.out,
            cache,
            args.classifier,
            args.external,
            progress,
            args.device,
            measured=args.measured,
        )
    test = card.metrics["test"]
    auroc = test["auroc"]
    print(
        f"{card.id}: {card.name}\n  test split, {test['n_records']} ECGs of {test['n_patients']} patients: "
        f"AUROC {auroc['value']:.3f} ({auroc['low']:.3f} to {auroc['high']:.3f}), {card.calibrated}\n"
        f"  {card.training_data}"
    )
    return 0
